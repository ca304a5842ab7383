/**
 * A registry of images that serves one image over the distribution API (version 2): manifests and blobs, for reading.
 * It listens on loopback, where engines speak plain HTTP, and counts what is asked of it.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { busyboxArchive } from './busybox.ts';

export interface RegistryOptions {
  /** Default `none`. `bearer`: a token of a token server is needed, which asks for the credentials. */
  auth?: 'none' | 'basic' | 'bearer';
  /** Default `puller` and `secret`. */
  credentials?: { username: string; password: string };
  /** Tags of `tasks/busybox`, default `latest` and `1`. */
  tags?: readonly string[];
}

export interface FakeRegistry extends AsyncDisposable {
  /** `host:port` */
  readonly host: string;
  /** `host:port/tasks/busybox`, to which a tag is added. */
  readonly image: string;
  readonly credentials: { username: string; password: string };
  /** Manifests given out, by tag or digest. */
  readonly manifestRequests: readonly string[];
  /** Requests answered with 401. */
  readonly refused: number;
  /** Answers nothing until released: a pull then takes as long as the test wants. */
  hold(): () => void;
  close(): Promise<void>;
}

const repository = 'tasks/busybox';
const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const token = 'token-of-the-test-registry';

interface Blob {
  readonly digest: string;
  readonly bytes: Buffer;
}

const blobOf = (bytes: Buffer): Blob => ({
  digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
  bytes,
});

interface Image {
  readonly manifest: Blob;
  readonly blobs: ReadonlyMap<string, Buffer>;
}

async function buildImage(): Promise<Image> {
  const archive = await busyboxArchive();
  const layer = blobOf(gzipSync(archive, { level: 1 }));
  const config = blobOf(
    Buffer.from(
      JSON.stringify({
        architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
        os: 'linux',
        config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
        rootfs: { type: 'layers', diff_ids: [blobOf(archive).digest] },
        history: [{ created_by: 'busybox' }],
      }),
    ),
  );
  const describe = (mediaType: string, { digest, bytes }: Blob) => ({
    mediaType,
    size: bytes.length,
    digest,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: describe('application/vnd.docker.container.image.v1+json', config),
    layers: [describe('application/vnd.docker.image.rootfs.diff.tar.gzip', layer)],
  };
  return {
    manifest: blobOf(Buffer.from(JSON.stringify(manifest))),
    blobs: new Map([config, layer].map(({ digest, bytes }) => [digest, bytes])),
  };
}

function send(response: ServerResponse, status: number, body: Buffer | object, headers = {}): void {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-length': bytes.length,
    'content-type': 'application/json',
    ...headers,
  });
  response.end(bytes);
}

function refuse(response: ServerResponse, challenge: string): void {
  const body = { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] };
  send(response, 401, body, { 'www-authenticate': challenge });
}

/** @returns what was asked for, by tag or digest, when it was a manifest */
function serve(
  image: Image,
  tags: readonly string[],
  path: string,
  response: ServerResponse,
): string | undefined {
  const api = { 'docker-distribution-api-version': 'registry/2.0' };
  if (path === '/v2/') {
    send(response, 200, {}, api);
    return undefined;
  }
  const [kind, reference = ''] = path.replace(`/v2/${repository}/`, '').split('/');
  const blob = image.blobs.get(reference);
  if (kind === 'blobs' && blob !== undefined) {
    send(response, 200, blob, { ...api, 'content-type': 'application/octet-stream' });
    return undefined;
  }
  const { digest, bytes } = image.manifest;
  if (kind === 'manifests' && (tags.includes(reference) || reference === digest)) {
    send(response, 200, bytes, { ...api, 'content-type': manifestType, 'docker-content-digest': digest });
    return reference;
  }
  const body = { errors: [{ code: 'MANIFEST_UNKNOWN', message: `manifest unknown: ${path}` }] };
  send(response, 404, body, api);
  return undefined;
}

/** Starts it; about half a second, most of it to pack the image. */
export async function startFakeRegistry(options: RegistryOptions = {}): Promise<FakeRegistry> {
  const { auth = 'none', tags = ['latest', '1'] } = options;
  const credentials = options.credentials ?? { username: 'puller', password: 'secret' };
  const image = await buildImage();
  const manifestRequests: string[] = [];
  let refused = 0;
  let released: Promise<void> = Promise.resolve();
  const basic = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;

  const answer = (incoming: IncomingMessage, response: ServerResponse): void => {
    const path = (incoming.url ?? '').split('?')[0] ?? '';
    const given = incoming.headers.authorization;
    const wantsToken = auth === 'bearer' && path !== '/token';
    if (auth !== 'none' && given !== (wantsToken ? `Bearer ${token}` : basic)) {
      refused++;
      const bearer = `Bearer realm="http://${host}/token",service="${host}",scope="repository:${repository}:pull"`;
      refuse(response, wantsToken ? bearer : 'Basic realm="registry"');
    } else if (path === '/token') {
      send(response, 200, { token, expires_in: 300 });
    } else {
      const reference = serve(image, tags, path, response);
      if (reference !== undefined && incoming.method === 'GET') manifestRequests.push(reference);
    }
  };

  const server = createServer((incoming, response) => {
    released.then(() => answer(incoming, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    host,
    image: `${host}/${repository}`,
    credentials,
    manifestRequests,
    get refused() {
      return refused;
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      released = promise;
      return resolve;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
