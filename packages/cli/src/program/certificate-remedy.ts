/** What can be done about a connection that TLS did not let come about. */

const distrust: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const notTls: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
]);

/**
 * Of the error, or of what caused it; undefined when TLS is not what was in the way.
 *
 * @param authority how the authority is named: `--ca-file or ZK_MIGRATE_CA_FILE`
 */
export function certificateRemedy(error: unknown, authority: string): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code: unknown = Reflect.get(cause, 'code');
    if (typeof code !== 'string') continue;
    if (distrust.has(code))
      return `name the PEM of the authority that signed its certificate with ${authority}`;
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
      return 'address the server by a name that its certificate is made out to (openssl x509 -noout -ext subjectAltName)';
    if (code === 'CERT_HAS_EXPIRED') return "renew the server's certificate";
    if (notTls.has(code)) return 'it does not speak TLS: write http instead of https';
  }
  return undefined;
}
