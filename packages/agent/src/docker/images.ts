/** Which images the Engine has, and how it gets others. */
import type { Readable } from 'node:stream';
import type { Clock } from '@orchestrator/runtime/clock';
import type Docker from 'dockerode';
import type { CachedImage } from '../container/runtime.ts';
import type { Image } from '../container/spec.ts';
import { AgentError } from '../errors.ts';
import { askHelper, helperFor } from './credential-helper.ts';
import { credentialsFor, engineAuth } from './credentials.ts';
import { engineError } from './engine-errors.ts';

export interface ImagesOptions {
  docker: Docker;
  clock: Clock;
  /** The agent's own `config.json`, read at each pull, so that a changed one counts at once. */
  readConfig: () => Promise<string | undefined>;
  /** A pull that tells nothing for so long is given up. */
  pullStallTimeoutMs: number;
}

/** `name` and `tag` of the Engine's call, which would pull every tag without one. */
export function splitTag(image: string): { fromImage: string; tag: string } {
  const digest = image.indexOf('@');
  if (digest >= 0) return { fromImage: image.slice(0, digest), tag: image.slice(digest + 1) };
  const colon = image.lastIndexOf(':');
  if (colon > image.lastIndexOf('/'))
    return { fromImage: image.slice(0, colon), tag: image.slice(colon + 1) };
  return { fromImage: image, tag: 'latest' };
}

/** The error that a pull ends with, told in its last line. */
function errorOfProgress(line: string): string | undefined {
  if (line.trim() === '') return undefined;
  const { error } = JSON.parse(line) as { error?: string };
  return error;
}

async function readProgress(stream: Readable, onProgress: () => void): Promise<string | undefined> {
  let rest = '';
  let failure: string | undefined;
  for await (const chunk of stream) {
    onProgress();
    const lines = (rest + (chunk as Buffer).toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) failure = errorOfProgress(line) ?? failure;
  }
  return errorOfProgress(rest) ?? failure;
}

/** Programs are run for the agent's own configuration alone: others come with tasks. */
async function ownCredentials(image: string, config: string | undefined, signal: AbortSignal) {
  if (config === undefined) return undefined;
  const given = credentialsFor(image, config);
  const helper = helperFor(image, config);
  return (helper === undefined ? undefined : await askHelper(helper, image, signal)) ?? given;
}

export class Images {
  readonly #options: ImagesOptions;

  constructor(options: ImagesOptions) {
    this.#options = options;
  }

  async list(): Promise<CachedImage[]> {
    const images = await this.#options.docker.listImages();
    return images.map(({ Id, RepoTags, RepoDigests, Size, Created }) => ({
      id: Id,
      names: (RepoTags ?? []).filter((name) => name !== '<none>:<none>'),
      digests: RepoDigests ?? [],
      sizeBytes: Size,
      createdMs: Created * 1000,
    }));
  }

  /**
   * The image is in the cache afterwards, as the registry has it now.
   *
   * @throws AgentError `ImageUnavailable`, `RuntimeUnavailable`, or the signal's reason
   */
  async pull({ name, pullConfig }: Image, signal: AbortSignal): Promise<void> {
    const { docker, clock, readConfig, pullStallTimeoutMs } = this.#options;
    const credentials =
      pullConfig === undefined
        ? await ownCredentials(name, await readConfig(), signal)
        : credentialsFor(name, pullConfig);
    signal.throwIfAborted();
    const stalled = new AbortController();
    const watch = () => clock.after(pullStallTimeoutMs, () => stalled.abort(), { background: true });
    let timer = watch();
    const abortSignal = AbortSignal.any([signal, stalled.signal]);
    try {
      const options = { ...splitTag(name), abortSignal };
      const stream = await docker.createImage(
        credentials === undefined ? {} : engineAuth(name, credentials),
        options,
      );
      const failure = await readProgress(stream as Readable, () => {
        timer.cancel();
        timer = watch();
      });
      if (failure !== undefined) throw new AgentError('ImageUnavailable', `image ${name}: ${failure}`);
    } catch (error) {
      signal.throwIfAborted();
      if (!stalled.signal.aborted) throw engineError(error, 'ImageUnavailable', `pulling image ${name}`);
      const message = `image ${name}: nothing came for ${pullStallTimeoutMs} ms`;
      throw new AgentError('ImageUnavailable', message, { retryable: true });
    } finally {
      timer.cancel();
    }
  }
}
