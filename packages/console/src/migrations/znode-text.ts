/** What a znode holds, for people: text where it is text, a hex dump where it is not. Pure. */
const maxShownBytes = 4_096;
const bytesPerRow = 16;

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function hexDump(bytes: Uint8Array): string {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += bytesPerRow) {
    const row = [...bytes.subarray(at, at + bytesPerRow)];
    rows.push(row.map((byte) => byte.toString(16).padStart(2, '0')).join(' '));
  }
  return rows.join('\n');
}

/** Control characters other than line ends and tabs: it is not text then. */
const isBinary = (text: string) => /(?![\t\r\n])\p{Cc}|\ufffd/u.test(text);

/** @param data base64, as the coordinator sends it; anything else holds nothing */
export function textOfData(data: unknown): string {
  if (typeof data !== 'string' || data === '') return '(no data)';
  const bytes = bytesOf(data);
  const shown = bytes.subarray(0, maxShownBytes);
  const text = new TextDecoder().decode(shown);
  const rest = bytes.length > maxShownBytes ? `\n… ${bytes.length - maxShownBytes} more bytes` : '';
  return (isBinary(text) ? hexDump(shown) : text) + rest;
}
