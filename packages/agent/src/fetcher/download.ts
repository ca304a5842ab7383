/** One URI into one file, counted and hashed on the way. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { fileURLToPath } from 'node:url';
import { AgentError, reasonOf } from '../errors.ts';

export interface DownloadOptions {
  maxBytes: number;
  signal: AbortSignal;
}

export interface Downloaded {
  bytes: number;
  /** In hexadecimal. */
  sha256: string;
}

async function openSource(uri: string, signal: AbortSignal): Promise<Readable> {
  if (uri.startsWith('/')) return createReadStream(uri);
  if (uri.startsWith('file:')) return createReadStream(fileURLToPath(uri));
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
  { maxBytes, signal }: DownloadOptions,
): Promise<Downloaded> {
  const hash = createHash('sha256');
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      hash.update(chunk);
      if (bytes > maxBytes) done(new AgentError('FetchFailed', `it is larger than ${maxBytes} bytes`));
      else done(null, chunk);
    },
  });
  try {
    await pipeline(await openSource(uri, signal), count, createWriteStream(file), { signal });
    return { bytes, sha256: hash.digest('hex') };
  } catch (cause) {
    await rm(file, { force: true });
    const retryable = cause instanceof AgentError ? cause.retryable : !signal.aborted;
    throw new AgentError('FetchFailed', `${printableUri(uri)}: ${reasonOf(cause)}`, { cause, retryable });
  }
}
