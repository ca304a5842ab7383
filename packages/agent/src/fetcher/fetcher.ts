/** Puts what a task's URIs name into its sandbox, before the task starts. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, normalize } from 'node:path';
import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import { runProgram } from '../container/run-program.ts';
import { AgentError } from '../errors.ts';
import { type ArchiveLimits, isArchive, unpack } from './archive.ts';
import { type CachedFile, evictions } from './cache.ts';
import { type Downloaded, download, printableUri } from './download.ts';

/** As Mesos' CommandInfo.URI, with a checksum. */
export interface FetchUri {
  /** `http:`, `https:`, `file:` or an absolute path. */
  value: string;
  /** Then it is not unpacked. */
  executable?: boolean;
  /** Archives are unpacked into the sandbox; default true. */
  extract?: boolean;
  /** Keeps it for later tasks; a change behind the URI goes unseen then. */
  cache?: boolean;
  /** Relative to the sandbox; default the last part of the URI's path. */
  outputFile?: string;
  /** In hexadecimal. */
  sha256?: string;
}

export interface FetcherOptions {
  cacheFolder: string;
  /** Default 2 GiB. */
  cacheBytes?: number;
  /** A download that brings nothing for so long is given up; default a minute. */
  stallTimeoutMs?: number;
  /** One URI; default 4 GiB. */
  maxBytes?: number;
  archiveLimits?: ArchiveLimits;
  clock?: Clock;
}

export interface FetchOptions {
  signal: AbortSignal;
  /** Whose all of it is to be; default the agent's. */
  owner?: { uid: number; gid: number };
}

const defaultCacheBytes = 2 * 2 ** 30;
const defaultMaxBytes = 4 * 2 ** 30;
const defaultStallTimeoutMs = 60_000;

interface Cached extends CachedFile, Downloaded {
  readers: number;
}

/** Where a URI goes below the sandbox. @throws AgentError `FetchFailed` when it has no name or leads out */
export function outputPath({ value, outputFile }: FetchUri): string {
  const path = value.startsWith('/') || !URL.canParse(value) ? value : new URL(value).pathname;
  const name = normalize(outputFile ?? decodeURIComponent(basename(path)));
  if (name === '' || name === '.' || name.startsWith('/') || name.split('/').includes('..')) {
    throw new AgentError('FetchFailed', `${printableUri(value)}: "${name}" is no place in a sandbox`);
  }
  return name;
}

export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #clock: Clock;
  readonly #cached = new Map<string, Cached>();
  readonly #underWay = new Map<string, Promise<Cached | undefined>>();

  constructor(options: FetcherOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Forgets what an earlier agent had cached, of which nothing is known. */
  async open(): Promise<void> {
    await rm(this.#options.cacheFolder, { recursive: true, force: true });
    await mkdir(this.#options.cacheFolder, { recursive: true });
  }

  /** Bytes in the cache. */
  get cachedBytes(): number {
    return [...this.#cached.values()].reduce((total, { bytes }) => total + bytes, 0);
  }

  /**
   * All of them, at the same time; files of this machine with the rights of the owner.
   *
   * @throws AgentError `FetchFailed`, `UnsafeArchive`
   */
  async fetch(uris: readonly FetchUri[], sandboxPath: string, options: FetchOptions): Promise<void> {
    const { owner } = options;
    await Promise.all(uris.map((uri) => this.#fetchOne(uri, sandboxPath, options)));
    if (owner === undefined || uris.length === 0) return;
    // What was unpacked too, and links themselves, not what they lead to.
    await runProgram('chown', ['--recursive', '--no-dereference', `${owner.uid}:${owner.gid}`, sandboxPath]);
  }

  async #fetchOne(uri: FetchUri, sandboxPath: string, options: FetchOptions): Promise<void> {
    const file = join(sandboxPath, outputPath(uri));
    await mkdir(dirname(file), { recursive: true });
    const isCached = uri.cache === true && (await this.#fromCache(uri, file, options));
    if (!isCached) await verify(uri, file, await this.#download(uri, file, options));
    if (uri.executable === true) await chmod(file, 0o755);
    else if (uri.extract !== false && isArchive(file))
      await unpack(file, sandboxPath, this.#options.archiveLimits);
  }

  #download({ value }: FetchUri, file: string, { owner, signal }: FetchOptions): Promise<Downloaded> {
    const { maxBytes = defaultMaxBytes, stallTimeoutMs = defaultStallTimeoutMs } = this.#options;
    return download(value, file, { maxBytes, stallTimeoutMs, reader: owner, clock: this.#clock, signal });
  }

  /** False when it could not be had by way of the cache, or does not fit there. */
  async #fromCache(uri: FetchUri, file: string, options: FetchOptions): Promise<boolean> {
    // Of one user alone: another may not be allowed to have it.
    const key = createHash('sha256')
      .update(`${options.owner?.uid ?? ''} ${uri.value}`)
      .digest('hex');
    let pending = this.#underWay.get(key);
    if (pending === undefined) {
      pending = this.#bring(key, uri, options).finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, pending);
    }
    // Who began it may have been killed, and with it the download; the others then go on by themselves.
    const cached = await pending.catch(() => undefined);
    if (cached === undefined || this.#cached.get(key) !== cached) return false;
    cached.readers++;
    cached.inUse = true;
    try {
      await copyFile(this.#fileOf(key), file, constants.COPYFILE_FICLONE);
      await verify(uri, file, cached);
      return true;
    } finally {
      cached.readers--;
      cached.inUse = cached.readers > 0;
      cached.lastUsedMs = this.#clock.nowMs();
    }
  }

  #fileOf(key: string): string {
    return join(this.#options.cacheFolder, key);
  }

  async #bring(key: string, uri: FetchUri, options: FetchOptions): Promise<Cached | undefined> {
    const known = this.#cached.get(key);
    if (known !== undefined) return known;
    const capacity = this.#options.cacheBytes ?? defaultCacheBytes;
    const partial = `${this.#fileOf(key)}.part`;
    const downloaded = await this.#download(uri, partial, options);
    const evicted = evictions(this.#cached.values(), downloaded.bytes, capacity);
    if (evicted === undefined) {
      await rm(partial);
      return undefined;
    }
    for (const one of evicted) {
      this.#cached.delete(one);
      await rm(this.#fileOf(one), { force: true });
    }
    await rename(partial, this.#fileOf(key));
    const cached: Cached = { key, ...downloaded, lastUsedMs: this.#clock.nowMs(), inUse: false, readers: 0 };
    this.#cached.set(key, cached);
    return cached;
  }
}

async function verify(uri: FetchUri, file: string, { sha256 }: Downloaded): Promise<void> {
  if (uri.sha256 === undefined || uri.sha256.toLowerCase() === sha256) return;
  await rm(file, { force: true });
  const message = `${printableUri(uri.value)}: its SHA-256 is ${sha256}, not ${uri.sha256} as was asked for`;
  throw new AgentError('FetchFailed', message);
}
