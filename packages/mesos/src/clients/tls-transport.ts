import { Agent } from 'undici';
import { readTls, tlsVariables } from '../libprocess/tls.ts';
import type { TransportOptions } from './transport.ts';

/**
 * How a client is to connect that has libprocess' settings in its environment, as an agent with TLS gives them to its
 * executors. Nothing of it where `LIBPROCESS_SSL_ENABLED` is not set: plain HTTP.
 *
 * @throws MesosError `invalid`, naming the setting
 */
export async function readTlsTransport(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Pick<TransportOptions, 'scheme' | 'dispatcher'>> {
  const tls = await readTls(tlsVariables(environment));
  if (tls === undefined) return {};
  return { scheme: 'https', dispatcher: new Agent({ connect: tls.clientOptions }) };
}
