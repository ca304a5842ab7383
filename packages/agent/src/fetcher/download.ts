/** One URI into one file, counted and hashed on the way. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@orchestrator/runtime/clock';
import { AgentError, reasonOf } from '../errors.ts';

/** Whose rights count for files of this machine; undefined: those of the agent. */
export type Reader = { uid: number; gid: number } | undefined;

export interface DownloadOptions {
  maxBytes: number;
  /** One that brings nothing for so long is given up. */
  stallTimeoutMs: number;
  reader: Reader;
  clock: Clock;
  signal: AbortSignal;
}

export interface Downloaded {
  bytes: number;
  /** In hexadecimal. */
  sha256: string;
}

/** By a process of its own, since this one is root's: what somebody may not read he does not get as his sandbox either. */
async function* readAs(path: string, { uid, gid }: NonNullable<Reader>, signal: AbortSignal) {
  const child = spawn('cat', ['--', path], { uid, gid, signal, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close').catch((error: unknown) => [error]);
  const said = text(child.stderr);
  for await (const chunk of child.stdout) yield chunk;
  const [code] = await ended;
  if (code === 0) return;
  throw new AgentError('FetchFailed', code instanceof Error ? reasonOf(code) : (await said).trim());
}

function openFile(path: string, reader: Reader, signal: AbortSignal): Readable {
  return reader === undefined || reader.uid === 0
    ? createReadStream(path)
    : Readable.from(readAs(path, reader, signal));
}

async function openSource(uri: string, reader: Reader, signal: AbortSignal): Promise<Readable> {
  if (uri.startsWith('/')) return openFile(uri, reader, signal);
  if (uri.startsWith('file:')) return openFile(fileURLToPath(uri), reader, signal);
  if (!/^https?:/.test(uri)) {
    const scheme = uri.split(':')[0] ?? '';
    throw new AgentError(
      'FetchFailed',
      `URIs of ${scheme} cannot be fetched; give one of http, https or file`,
    );
  }
  const response = await fetch(uri, { signal });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    const retryable = response.status >= 500;
    throw new AgentError('FetchFailed', `the server answered ${response.status}`, { retryable });
  }
  return Readable.fromWeb(response.body as ReadableStream);
}

/** Credentials and query strings of URIs stay out of messages. */
export function printableUri(uri: string): string {
  if (uri.startsWith('/') || !URL.canParse(uri)) return uri;
  const { protocol, host, pathname } = new URL(uri);
  return `${protocol}//${host}${pathname}`;
}

/** @throws AgentError `FetchFailed`; no file is left then */
export async function download(
  uri: string,
  file: string,
  { maxBytes, stallTimeoutMs, reader, clock, signal }: DownloadOptions,
): Promise<Downloaded> {
  const hash = createHash('sha256');
  let bytes = 0;
  const stalled = new AbortController();
  const giveUp = () => stalled.abort(new AgentError('FetchFailed', `nothing came for ${stallTimeoutMs} ms`));
  const watch = () => clock.after(stallTimeoutMs, giveUp, { background: true });
  let timer = watch();
  const either = AbortSignal.any([signal, stalled.signal]);
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      timer.cancel();
      timer = watch();
      bytes += chunk.length;
      hash.update(chunk);
      if (bytes > maxBytes) done(new AgentError('FetchFailed', `it is larger than ${maxBytes} bytes`));
      else done(null, chunk);
    },
  });
  try {
    await pipeline(await openSource(uri, reader, either), count, createWriteStream(file), { signal: either });
    return { bytes, sha256: hash.digest('hex') };
  } catch (error) {
    await rm(file, { force: true });
    const cause = stalled.signal.aborted ? stalled.signal.reason : error;
    const retryable = cause instanceof AgentError ? cause.retryable : !signal.aborted;
    throw new AgentError('FetchFailed', `${printableUri(uri)}: ${reasonOf(cause)}`, { cause, retryable });
  } finally {
    timer.cancel();
  }
}
