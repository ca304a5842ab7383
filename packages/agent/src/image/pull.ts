/** Gets an image with skopeo and unpacks it with umoci, which know registries and layers better than we do. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../container/run-program.ts';
import type { RegistryCredentials } from '../container/spec.ts';
import { registryOf } from '../docker/credentials.ts';
import { AgentError, reasonOf } from '../errors.ts';
import { type ImageConfig, parseImageConfig } from './image-config.ts';
import type { ImageSource } from './reference.ts';

const skopeo = '/usr/bin/skopeo';
const umoci = '/usr/bin/umoci';

/** One that takes longer is given up. */
const pullTimeoutMs = 30 * 60_000;
const unpackTimeoutMs = 10 * 60_000;

/** What is missing on this machine for images; undefined when nothing is. */
export function imageToolsMissing(): string | undefined {
  const missing = [skopeo, umoci].filter((path) => !existsSync(path));
  return missing.length === 0 ? undefined : `there is no ${missing.join(' and no ')}`;
}

export interface PullRequest {
  source: ImageSource;
  credentials: RegistryCredentials | undefined;
  /** An empty folder that nobody else writes to. */
  folder: string;
  signal: AbortSignal;
}

export interface Unpacked {
  /** Hash of its configuration: images that are equal have the same. */
  id: string;
  config: ImageConfig;
}

/** A file, since what is in the arguments of a program is for everybody's `ps`. Only what this image needs is in it. */
async function writeAuthFile({ source, credentials, folder }: PullRequest): Promise<string> {
  const file = join(folder, 'auth.json');
  const { username = '', password = '', identityToken } = credentials ?? {};
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  const entry = { auth, ...(identityToken !== undefined && { identitytoken: identityToken }) };
  const auths = credentials === undefined ? {} : { [registryOf(source.repository)]: entry };
  await writeFile(file, JSON.stringify({ auths }), { mode: 0o600 });
  return file;
}

async function asImageError<T>({ source }: PullRequest, work: Promise<T>): Promise<T> {
  return await work.catch((cause: unknown) => {
    if (cause instanceof AgentError && cause.code === 'RuntimeUnavailable') throw cause;
    const [, said] = /level=fatal msg="((?:[^"\\]|\\.)*)"/.exec(reasonOf(cause)) ?? [];
    const message = `image ${source.address}: ${said ?? reasonOf(cause)}`;
    throw new AgentError('ImageUnavailable', message, { cause });
  });
}

/** What the registry has under that name now. @throws AgentError `ImageUnavailable` */
export async function currentDigest(request: PullRequest): Promise<string> {
  const { source, signal } = request;
  const words = ['--authfile', await writeAuthFile(request), `--tls-verify=${!source.isPlain}`];
  const asked = ['inspect', '--no-tags', '--format', '{{.Digest}}', ...words, `docker://${source.address}`];
  return (
    await asImageError(request, runProgram(skopeo, asked, { signal, timeoutMs: pullTimeoutMs }))
  ).trim();
}

interface Descriptor {
  digest: string;
}

async function readBlob(layout: string, { digest }: Descriptor): Promise<string> {
  return await readFile(join(layout, 'blobs', digest.replace(':', '/')), 'utf8');
}

async function configOf(layout: string): Promise<{ id: string; config: ImageConfig }> {
  const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')) as { manifests: Descriptor[] };
  const [first] = index.manifests;
  if (first === undefined) throw new AgentError('ImageUnavailable', 'a layout without a manifest');
  const manifest = JSON.parse(await readBlob(layout, first)) as { config: Descriptor };
  const text = await readBlob(layout, manifest.config);
  return { id: manifest.config.digest.replace(/^.*:/, ''), config: parseImageConfig(text) };
}

/**
 * The image's file system is in `rootfs` of the folder afterwards, and nothing else.
 *
 * @param digest of the manifest, as `currentDigest` says
 * @throws AgentError `ImageUnavailable`, `RuntimeUnavailable`
 */
export async function pullImage(request: PullRequest, digest: string): Promise<Unpacked> {
  const { source, folder, signal } = request;
  const layout = join(folder, 'layout');
  const authFile = await writeAuthFile(request);
  const words = ['--authfile', authFile, `--src-tls-verify=${!source.isPlain}`];
  const addresses = [`docker://${source.repository}@${digest}`, `oci:${layout}:image`];
  const copied = runProgram(skopeo, ['copy', ...words, ...addresses], { signal, timeoutMs: pullTimeoutMs });
  await asImageError(request, copied);
  const found = await configOf(layout);
  const rootfs = join(folder, 'rootfs');
  await mkdir(rootfs);
  const unpacked = runProgram(umoci, ['raw', 'unpack', '--image', `${layout}:image`, rootfs], {
    ...{ signal, timeoutMs: unpackTimeoutMs },
  });
  await asImageError(request, unpacked);
  await Promise.all([rm(layout, { recursive: true }), rm(authFile)]);
  return found;
}
