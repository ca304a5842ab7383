/** What must never be seen in a log, an error or a report, told by its name. */

const secretWords = new Set([
  'password',
  'passwd',
  'passphrase',
  'secret',
  'secrets',
  'token',
  'tokens',
  'credential',
  'credentials',
  'key',
  'authorization',
  'cookie',
]);

/** `tls.key_file` and `token_id` name where a secret is, not the secret itself. */
const referenceWords = new Set(['file', 'path', 'dir', 'id', 'name', 'env', 'ttl', 'count', 'bytes']);

export const maskedValue = '***';

const deepest = 8;

/** True for `password`, `apiToken`, `tls.private_key`, `X-Secret`; false for `keyFile` or `monkey`. */
export function isSecretName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  const last = words.at(-1);
  return words.some((word) => secretWords.has(word)) && last !== undefined && !referenceWords.has(last);
}

/**
 * A copy of plain objects and arrays with the values of secret names masked, at most 8 levels deep. Strings of URLs with
 * a password in them lose it. Bytes become their count; other class instances are returned as they are.
 */
export function redactSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactUrl(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (depth >= deepest) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => redactSecrets(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    copy[key] = isSecretName(key) && item !== undefined ? maskedValue : redactSecrets(item, depth + 1);
  }
  return copy;
}

function redactUrl(text: string): string {
  return text.includes('://') ? text.replace(/(:\/\/[^/\s:@]*):[^/\s@]+@/g, `$1:${maskedValue}@`) : text;
}
