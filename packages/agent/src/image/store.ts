/**
 * Unpacked images, a folder each: `images/ID/rootfs`, which containers share and none writes to, and `image.json`. What is
 * not complete is in `staging`, and is thrown away at the next start.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@orchestrator/runtime/clock';
import { LaunchGate } from '../container/launch-gate.ts';
import type { Image } from '../container/spec.ts';
import { credentialsFor } from '../docker/credentials.ts';
import { AgentError } from '../errors.ts';
import { diskUsage } from '../sandbox/collector.ts';
import type { ImageConfig } from './image-config.ts';
import { currentDigest, type PullRequest, pullImage, type Unpacked } from './pull.ts';
import { type ImageSource, imageSource } from './reference.ts';

export interface ImageStoreOptions {
  /** Of this agent alone. */
  path: string;
  /** Mesos' `--docker_registry`: of names without one. */
  defaultRegistry: string;
  /** The agent's own Docker `config.json`, read at each pull. Secret. */
  readConfig: () => Promise<string | undefined>;
  /** Share of the disk that is to stay free; beyond it what nobody uses goes, the longest unused first. Default 0.1. */
  diskHeadroom?: number;
  /** Names that never go. */
  excluded?: readonly string[];
  clock: Clock;
}

/** Unused ones beyond it go. */
const mostImages = 64;
const pullsAtATime = 3;

interface StoredImage {
  id: string;
  /** Addresses with tags that stood for it when it was pulled last. */
  names: string[];
  /** Of manifests. */
  digests: string[];
  config: ImageConfig;
  usedMs: number;
}

export interface ImageInUse {
  id: string;
  rootfs: string;
  config: ImageConfig;
  /** It may be removed again; when whoever uses it is known to `usedRoots`. */
  release(): void;
}

export class ImageStore {
  readonly #options: ImageStoreOptions;
  readonly #images = new Map<string, StoredImage>();
  /** How many are about to use it. */
  readonly #held = new Map<string, number>();
  /** Asked for, or let go, since the removal that is under way began: whoever uses it may not have been seen. */
  readonly #touched = new Set<string>();
  /** The last work on each address: the same image is not pulled twice at a time. */
  readonly #busy = new Map<string, Promise<void>>();
  readonly #gate = new LaunchGate(pullsAtATime);
  #opened: Promise<void> | undefined;
  #changes: Promise<void> = Promise.resolve();

  constructor(options: ImageStoreOptions) {
    this.#options = options;
  }

  /**
   * @param usedRoots root file systems of containers, asked for when there is to be room
   * @throws AgentError `ImageUnavailable`, `RuntimeUnavailable`, or the signal's reason
   */
  async get(image: Image, usedRoots: () => Promise<Set<string>>, signal: AbortSignal): Promise<ImageInUse> {
    this.#opened ??= this.#open();
    await this.#opened;
    const source = imageSource(image.name, this.#options.defaultRegistry);
    const before = this.#busy.get(source.address);
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    const work = Promise.all([before, done]).then(() => undefined);
    this.#busy.set(source.address, work);
    try {
      await Promise.race([before, aborted(signal)]);
      const isForced = image.forcePull === true && source.digest === undefined;
      const known = isForced ? undefined : this.#find(source);
      return known === undefined ? await this.#pull(image, source, usedRoots, signal) : this.#hold(known);
    } finally {
      finish();
      if (this.#busy.get(source.address) === work) this.#busy.delete(source.address);
    }
  }

  /** Removes what no container uses, but for the names in `excluded` and those that are always kept. */
  async prune(excluded: readonly string[], usedRoots: () => Promise<Set<string>>): Promise<void> {
    this.#opened ??= this.#open();
    await this.#opened;
    await this.#remove(excluded, usedRoots, () => Promise.resolve(true));
  }

  #folderOf(id: string): string {
    return join(this.#options.path, 'images', id);
  }

  async #open(): Promise<void> {
    const { path } = this.#options;
    await rm(join(path, 'staging'), { recursive: true, force: true });
    await mkdir(join(path, 'images'), { recursive: true });
    for (const id of await readdir(join(path, 'images'))) {
      const image = await readImage(this.#folderOf(id));
      if (image === undefined) await rm(this.#folderOf(id), { recursive: true });
      else this.#images.set(id, image);
    }
  }

  #find({ address, digest }: ImageSource): StoredImage | undefined {
    const images = [...this.#images.values()];
    if (digest === undefined) return images.find(({ names }) => names.includes(address));
    return images.find(({ digests }) => digests.includes(address));
  }

  #hold(image: StoredImage): ImageInUse {
    const { id, config } = image;
    image.usedMs = this.#options.clock.nowMs();
    this.#touched.add(id);
    this.#held.set(id, (this.#held.get(id) ?? 0) + 1);
    const seconds = image.usedMs / 1000;
    // Only the order in which images go depends on it.
    utimes(join(this.#folderOf(id), 'image.json'), seconds, seconds).catch(() => undefined);
    const release = () => {
      this.#touched.add(id);
      const left = (this.#held.get(id) ?? 1) - 1;
      if (left > 0) this.#held.set(id, left);
      else this.#held.delete(id);
    };
    return { id, rootfs: join(this.#folderOf(id), 'rootfs'), config, release };
  }

  async #pull(
    image: Image,
    source: ImageSource,
    usedRoots: () => Promise<Set<string>>,
    signal: AbortSignal,
  ): Promise<ImageInUse> {
    const { path, readConfig } = this.#options;
    const config = image.pullConfig ?? (await readConfig());
    const credentials = config === undefined ? undefined : credentialsFor(source.repository, config);
    const folder = join(path, 'staging', randomUUID());
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      const held = await this.#gate.run('create', () =>
        this.#update({ source, credentials, folder, signal }),
      );
      // What could not go now goes after the next one.
      await this.#makeRoom(usedRoots).catch(() => undefined);
      return held;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Only what the registry has anew is copied. */
  async #update(request: PullRequest): Promise<ImageInUse> {
    const { source, folder } = request;
    const digest = source.digest ?? (await currentDigest(request));
    const pinned = `${source.repository}@${digest}`;
    const isThere = () => [...this.#images.values()].find(({ digests }) => digests.includes(pinned));
    const found = isThere() ?? (await pullImage(request, digest));
    return await this.#serially(async () => {
      const image = await this.#install(found, pinned, folder);
      if (source.digest === undefined) await this.#giveName(image, source.address);
      return this.#hold(image);
    });
  }

  /** It may have come by another name meanwhile. */
  async #install(found: Unpacked, digest: string, folder: string): Promise<StoredImage> {
    const known = this.#images.get(found.id);
    if (known !== undefined) {
      known.digests = [...new Set([...known.digests, digest])];
      await writeImage(this.#folderOf(known.id), known);
      return known;
    }
    const { id, config } = found;
    const image: StoredImage = { id, config, names: [], digests: [digest], usedMs: 0 };
    await writeImage(folder, image);
    await rename(folder, this.#folderOf(id));
    this.#images.set(id, image);
    return image;
  }

  /** A tag is that of one image: it may have moved on. */
  async #giveName(named: StoredImage, name: string): Promise<void> {
    for (const image of this.#images.values()) {
      if (image.names.includes(name) === (image === named)) continue;
      image.names = image === named ? [...image.names, name] : image.names.filter((one) => one !== name);
      await writeImage(this.#folderOf(image.id), image);
    }
  }

  async #makeRoom(usedRoots: () => Promise<Set<string>>): Promise<void> {
    const { path, diskHeadroom = 0.1 } = this.#options;
    const isTight = async () => this.#images.size > mostImages || (await diskUsage(path)) > 1 - diskHeadroom;
    if (await isTight()) await this.#remove([], usedRoots, isTight);
  }

  async #remove(
    excluded: readonly string[],
    usedRoots: () => Promise<Set<string>>,
    goesOn: () => Promise<boolean>,
  ): Promise<void> {
    const { defaultRegistry, excluded: always = [] } = this.#options;
    const kept = new Set([...excluded, ...always].map((name) => imageSource(name, defaultRegistry).address));
    await this.#serially(async () => {
      this.#touched.clear();
      const roots = await usedRoots();
      const oldestFirst = [...this.#images.values()].sort((left, right) => left.usedMs - right.usedMs);
      for (const { id, names, digests } of oldestFirst) {
        if (!(await goesOn())) return;
        const isNamed = [...names, ...digests].some((name) => kept.has(name));
        const isUsed = roots.has(join(this.#folderOf(id), 'rootfs')) || this.#held.has(id);
        if (!isNamed && !isUsed && !this.#touched.has(id)) await this.#discard(id);
      }
    });
  }

  /** Images come and go one by one. */
  #serially<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(work);
    this.#changes = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  async #discard(id: string): Promise<void> {
    this.#images.delete(id);
    const staging = join(this.#options.path, 'staging');
    await mkdir(staging, { recursive: true });
    const folder = join(staging, randomUUID());
    await rename(this.#folderOf(id), folder);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Undefined when it is not what was written: the machine has lost power meanwhile, and whoever used it with that. */
async function readImage(folder: string): Promise<StoredImage | undefined> {
  const file = join(folder, 'image.json');
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(file, 'utf8'), stat(file)]);
    return { ...(JSON.parse(text) as Omit<StoredImage, 'usedMs'>), usedMs: mtimeMs };
  } catch {
    return undefined;
  }
}

async function writeImage(folder: string, { usedMs: _, ...image }: StoredImage): Promise<void> {
  const file = join(folder, 'image.json');
  await writeFile(`${file}.new`, JSON.stringify(image));
  await rename(`${file}.new`, file);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(signal.reason ?? new AgentError('Killed', 'the launch was given up'));
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
