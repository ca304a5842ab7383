import { MonitorError } from '../errors.ts';
import type { Token } from './syntax.ts';

/** Characters of one query. */
const maxQueryLength = 1_000;

const operators = /^(?:!=|<=|>=|[:=<>])/;
const word = /^[^\s()"=<>:!][^\s()"=<>:!]*/;
/** After an operator a value may hold what would be an operator elsewhere: `image:registry:5000/app`. */
const value = /^[^\s()"]+/;

export function queryError(query: string, at: number, problem: string): MonitorError {
  return new MonitorError('invalid', `at character ${at + 1} of "${query}": ${problem}`, {
    remedy: 'write for example: web label.tier=front cpu>50% not state:paused',
  });
}

function quotedToken(query: string, at: number): { token: Token; next: number } {
  const end = query.indexOf('"', at + 1);
  if (end < 0) throw queryError(query, at, 'this quote is not closed');
  return { token: { kind: 'word', text: query.slice(at + 1, end), at, quoted: true }, next: end + 1 };
}

function nextToken(query: string, at: number, afterOperator: boolean): { token: Token; next: number } {
  const rest = query.slice(at);
  const [first = ''] = rest;
  const plain = (kind: Token['kind'], text: string) => ({
    token: { kind, text, at, quoted: false },
    next: at + text.length,
  });
  if (first === '(') return plain('open', first);
  if (first === ')') return plain('close', first);
  if (first === '"') return quotedToken(query, at);
  const operator = afterOperator ? undefined : operators.exec(rest)?.[0];
  if (operator !== undefined) return plain('operator', operator);
  const text = (afterOperator ? value : word).exec(rest)?.[0];
  if (text === undefined) throw queryError(query, at, `"${first}" cannot stand here`);
  return plain('word', text);
}

/** @throws MonitorError `invalid`, with the position */
export function tokensOf(query: string): Token[] {
  if (query.length > maxQueryLength) {
    throw new MonitorError(
      'invalid',
      `a query of ${query.length} characters is longer than ${maxQueryLength}`,
    );
  }
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(query[at] ?? '')) at++;
    if (at >= query.length) break;
    const afterOperator = tokens.at(-1)?.kind === 'operator';
    const { token, next } = nextToken(query, at, afterOperator);
    tokens.push(token);
    at = next;
  }
  tokens.push({ kind: 'end', text: '', at: query.length, quoted: false });
  return tokens;
}
