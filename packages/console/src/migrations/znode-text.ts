/** What a znode holds, for people: text where it is text, a hex dump where it is not. Pure. */
import { formatTime } from '../ui/format.ts';

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

const permissions = [
  [4, 'c'],
  [8, 'd'],
  [1, 'r'],
  [2, 'w'],
  [16, 'a'],
] as const;

/** As `zkCli` writes it: `world:anyone:cdrwa`. */
function aclText(entry: unknown): string {
  const { perms, scheme, id } = Object(entry) as Record<string, unknown>;
  const letters = permissions.flatMap(([bit, letter]) => ((Number(perms) & bit) === 0 ? [] : [letter]));
  return `${scheme}:${id}:${letters.join('')}`;
}

/** A field of a node's value with its name, as they are shown. */
export function fieldText(field: string, content: unknown): readonly [label: string, text: string] {
  if (field === 'acl' && Array.isArray(content)) return ['ACL', content.map(aclText).join(', ')];
  if (field.endsWith('_ms') && typeof content === 'number')
    return [field.slice(0, -3).replaceAll('_', ' '), formatTime(content)];
  return [field.replaceAll('_', ' '), typeof content === 'string' ? content : JSON.stringify(content)];
}
