/** A piece of a file that grows at its end, and at its beginning when it is asked for. Pure. */
import type { SandboxText } from '@orchestrator/monitor/schema';

export interface LogText {
  /** Of the first byte, and behind the last one. */
  readonly offset: number;
  readonly nextOffset: number;
  readonly text: string;
}

/** More than that nobody reads here; the beginning goes, and the file can be downloaded. */
const maxCharacters = 2_000_000;

export function appended(log: LogText | undefined, part: SandboxText): LogText {
  if (log === undefined || part.offset !== log.nextOffset) {
    // The first piece; or the file was cut or rotated, and what is known is of another one.
    return { offset: part.offset, nextOffset: part.nextOffset, text: part.text };
  }
  const text = log.text + part.text;
  const over = text.length - maxCharacters;
  if (over <= 0) return { ...log, nextOffset: part.nextOffset, text };
  const cut = new TextEncoder().encode(text.slice(0, over)).length;
  return { offset: log.offset + cut, nextOffset: part.nextOffset, text: text.slice(over) };
}

/** The piece before `log`. */
export const startOf = (log: LogText, length: number): { offset: number; length: number } => ({
  offset: Math.max(0, log.offset - length),
  length: Math.min(length, log.offset),
});

export function prepended(log: LogText | undefined, part: SandboxText): LogText | undefined {
  if (log === undefined || part.nextOffset !== log.offset) return log;
  return { ...log, offset: part.offset, text: part.text + log.text };
}
