import { ZooKeeperError } from '../errors.ts';

/** One `name=value` or `name="quoted value"` of a comma-separated list, as RFC 2831 section 7.1 writes it. */
const directive = /[\s,]*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*(?:,|$)/y;

/** Reads the list; of a name that occurs more than once, as `realm` may, the first counts. */
export function parseDirectives(text: string): Map<string, string> {
  const directives = new Map<string, string>();
  directive.lastIndex = 0;
  while (directive.lastIndex < text.length) {
    const match = directive.exec(text);
    if (match === null)
      throw new ZooKeeperError('AuthFailed', 'SASL: the server sent an unreadable challenge');
    const [, name = '', quotedValue, plainValue = ''] = match;
    const value = quotedValue === undefined ? plainValue : quotedValue.replace(/\\(.)/g, '$1');
    if (!directives.has(name.toLowerCase())) directives.set(name.toLowerCase(), value);
  }
  return directives;
}

export function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
