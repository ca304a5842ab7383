/** One record of a stream: its length in bytes as decimal digits, a newline, the bytes. Nothing follows them. */
export function encodeRecord(record: Uint8Array | string): Buffer {
  const bytes = typeof record === 'string' ? Buffer.byteLength(record) : record.byteLength;
  const prefix = `${bytes}\n`;
  const encoded = Buffer.allocUnsafe(prefix.length + bytes);
  encoded.write(prefix, 'latin1');
  if (typeof record === 'string') encoded.write(record, prefix.length);
  else encoded.set(record, prefix.length);
  return encoded;
}
