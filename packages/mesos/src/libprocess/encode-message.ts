import { addressOf, formatUpid, type Upid } from './upid.ts';

/** The request that carries a message, as real ones are sent: one chunk, or no body at all. */
export function encodeRequest(from: Upid, to: Upid, type: string, body: Uint8Array): Buffer {
  const sender = formatUpid(from);
  const head =
    `POST /${to.id}/${type} HTTP/1.1\r\n` +
    `User-Agent: libprocess/${sender}\r\n` +
    `Libprocess-From: ${sender}\r\n` +
    'Connection: Keep-Alive\r\n' +
    `Host: ${addressOf(to)}\r\n`;
  if (body.byteLength === 0) return Buffer.from(`${head}\r\n`, 'latin1');
  const before = `${head}Transfer-Encoding: chunked\r\n\r\n${body.byteLength.toString(16)}\r\n`;
  const after = '\r\n0\r\n\r\n';
  const request = Buffer.allocUnsafe(before.length + body.byteLength + after.length);
  request.write(before, 'latin1');
  request.set(body, before.length);
  request.write(after, before.length + body.byteLength, 'latin1');
  return request;
}
