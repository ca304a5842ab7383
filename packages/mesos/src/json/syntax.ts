import { MesosError } from '../errors.ts';

const space = /[ \t\r\n]*/y;
const string = /"(?:[^"\\]|\\.)*"/sy;
const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Where a pattern ends that begins at an offset; -1 when it does not. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

const skipSpace = (text: string, at: number) => endOf(space, text, at);

/** How far a literal is right; its end when it is right to the end. */
function matchLiteral(text: string, at: number, literal: string): { at: number; whole: boolean } {
  let matched = 0;
  while (matched < literal.length && text[at + matched] === literal[matched]) matched += 1;
  return { at: at + matched, whole: matched === literal.length };
}

const literals: Readonly<Record<string, string>> = { n: 'null', t: 'true', f: 'false' };

/**
 * The offset of the first thing that cannot be: found by going over the text once more, only when it is known to be
 * wrong. `closers` is the stack of what is open.
 */
function errorOffset(text: string): number {
  const closers: ('}' | ']')[] = [];
  let at = skipSpace(text, 0);
  let expects: 'value' | 'name' | 'next' = 'value';
  while (true) {
    if (expects === 'name') {
      const end = endOf(string, text, at);
      if (end === -1) return at;
      const colon = skipSpace(text, end);
      if (text[colon] !== ':') return colon;
      at = skipSpace(text, colon + 1);
      expects = 'value';
    }
    if (expects === 'value') {
      const character = text[at] ?? '';
      if (character === '{' || character === '[') {
        const closer = character === '{' ? '}' : ']';
        at = skipSpace(text, at + 1);
        closers.push(closer);
        if (text[at] !== closer) {
          expects = closer === '}' ? 'name' : 'value';
          continue;
        }
      } else {
        const literal = literals[character];
        const match = literal === undefined ? undefined : matchLiteral(text, at, literal);
        if (match?.whole === false) return match.at;
        const end = match?.at ?? endOf(character === '"' ? string : number, text, at);
        if (end === -1) return at;
        at = end;
      }
      expects = 'next';
    }
    at = skipSpace(text, at);
    const closer = closers.at(-1);
    if (closer === undefined) return at;
    if (text[at] === ',') expects = closer === '}' ? 'name' : 'value';
    else if (text[at] === closer) closers.pop();
    else return at;
    at = skipSpace(text, at + 1);
  }
}

/** The error of a text that is no JSON, as Mesos words it: `syntax error at line 1 near: nope`. */
export function syntaxError(text: string, cause: unknown): MesosError {
  const offset = errorOffset(text);
  const line = text.slice(0, offset).split('\n').length;
  const near = text.slice(offset).split('\n', 1)[0]?.slice(0, 200);
  return new MesosError(`syntax error at line ${line} near: ${near}`, { code: 'invalid', cause });
}
