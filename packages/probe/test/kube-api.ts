/**
 * The part of a Kubernetes API server that a probe uses: lists in pages, watches that go on from a version, with bookmarks and
 * 410 for what is too old; conditional writes; scale and logs. In the shapes of Kubernetes 1.29.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

interface KubeObject {
  readonly kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid: string;
    resourceVersion?: string;
    [key: string]: unknown;
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

interface Watcher {
  readonly plural: string;
  readonly response: ServerResponse;
}

export interface KubeApi {
  readonly url: string;
  /** `GET pods`, `WATCH pods 12`, … */
  readonly calls: string[];
  put(plural: string, object: KubeObject): void;
  delete(plural: string, uid: string): void;
  get(plural: string, name: string): KubeObject | undefined;
  /** Cuts all watches off; with `forget`, they cannot go on from where they were. */
  cutWatches(options?: { forget: boolean }): void;
  bookmark(plural: string): void;
  readonly watching: () => number;
  close(): Promise<void>;
}

export async function startKubeApi(options: { token: string; pageSize?: number }): Promise<KubeApi> {
  const objects = new Map<string, Map<string, KubeObject>>();
  const watchers = new Set<Watcher>();
  const events: { plural: string; version: number; line: string }[] = [];
  const calls: string[] = [];
  let version = 100;
  let oldest = 0;

  const ofKind = (plural: string) => {
    const known = objects.get(plural) ?? new Map<string, KubeObject>();
    objects.set(plural, known);
    return known;
  };
  const tell = (plural: string, type: string, object: object) => {
    const line = `${JSON.stringify({ type, object })}\n`;
    if (type !== 'BOOKMARK') events.push({ plural, version, line });
    for (const watcher of watchers) if (watcher.plural === plural) watcher.response.write(line);
  };
  const put = (plural: string, object: KubeObject) => {
    const isNew = !ofKind(plural).has(object.metadata.uid);
    version++;
    object.metadata.resourceVersion = String(version);
    ofKind(plural).set(object.metadata.uid, structuredClone(object));
    tell(plural, isNew ? 'ADDED' : 'MODIFIED', object);
  };
  const find = (plural: string, name: string) =>
    [...ofKind(plural).values()].find(({ metadata }) => metadata.name === name);
  const drop = (plural: string, uid: string) => {
    const object = ofKind(plural).get(uid);
    if (object === undefined) return;
    version++;
    ofKind(plural).delete(uid);
    object.metadata.resourceVersion = String(version);
    tell(plural, 'DELETED', object);
  };

  const refuse = (response: ServerResponse, code: number, reason: string) =>
    response.writeHead(code, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        message: reason,
        reason,
        code,
      }),
    );
  const answer = (response: ServerResponse, body: object, code = 200) =>
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));

  const watch = (plural: string, query: URLSearchParams, response: ServerResponse) => {
    const from = Number(query.get('resourceVersion'));
    calls.push(`WATCH ${plural} ${from}`);
    response.writeHead(200, { 'content-type': 'application/json' });
    if (from < oldest) {
      const gone = {
        kind: 'Status',
        status: 'Failure',
        reason: 'Expired',
        message: 'too old resource version',
        code: 410,
      };
      response.end(`${JSON.stringify({ type: 'ERROR', object: gone })}\n`);
      return;
    }
    response.flushHeaders();
    for (const event of events)
      if (event.plural === plural && event.version > from) response.write(event.line);
    const watcher = { plural, response };
    watchers.add(watcher);
    response.once('close', () => watchers.delete(watcher));
  };

  const list = (plural: string, query: URLSearchParams, response: ServerResponse) => {
    calls.push(`GET ${plural}`);
    const all = [...ofKind(plural).values()];
    const start = Number(query.get('continue') ?? 0);
    const size = Math.min(options.pageSize ?? 500, Number(query.get('limit') ?? 500));
    const next = start + size < all.length ? String(start + size) : '';
    answer(response, {
      kind: 'List',
      metadata: { resourceVersion: String(version), ...(next === '' ? {} : { continue: next }) },
      items: all.slice(start, start + size),
    });
  };

  const write = async (
    request: IncomingMessage,
    response: ServerResponse,
    plural: string,
    name: string,
    part: string,
  ) => {
    const found = find(plural, name);
    const body: unknown = request.method === 'DELETE' ? {} : await json(request);
    const { metadata, spec } = body as KubeObject;
    if (request.method === 'POST') {
      if (find(plural, metadata.name) !== undefined) return refuse(response, 409, 'AlreadyExists');
      put(plural, { ...(body as KubeObject), metadata: { ...metadata, uid: `uid-${metadata.name}` } });
      return answer(response, find(plural, metadata.name) ?? {}, 201);
    }
    if (found === undefined) return refuse(response, 404, 'NotFound');
    const wanted = metadata?.resourceVersion;
    if (wanted !== undefined && wanted !== found.metadata.resourceVersion)
      return refuse(response, 409, 'Conflict');
    calls.push(`${request.method} ${plural}/${name}${part}`);
    if (request.method === 'DELETE') drop(plural, found.metadata.uid);
    else put(plural, { ...found, spec: { ...found.spec, ...spec } });
    return answer(response, { ...found });
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://api');
    if (request.headers.authorization !== `Bearer ${options.token}`)
      return refuse(response, 401, 'Unauthorized');
    const [, , plural = '', name = '', part = ''] =
      /^\/apis?\/(?:[\w.]+\/)?v1\/(?:namespaces\/([^/]+)\/(?=\w+))?(\w+)(?:\/([^/]+))?(\/\w+)?$/.exec(
        pathname,
      ) ?? [];
    if (request.method !== 'GET') return write(request, response, plural, name, part);
    if (part === '/log') {
      response.write(`log of ${name}/${searchParams.get('container')}\n`);
      return undefined;
    }
    if (name === '')
      return searchParams.has('watch')
        ? watch(plural, searchParams, response)
        : list(plural, searchParams, response);
    const found = find(plural, name);
    return found === undefined ? refuse(response, 404, 'NotFound') : answer(response, found);
  };

  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    put,
    delete: drop,
    get: find,
    cutWatches({ forget } = { forget: false }) {
      if (forget) {
        oldest = ++version;
        events.length = 0;
      }
      for (const { response } of watchers) response.destroy();
    },
    bookmark: (plural) =>
      tell(plural, 'BOOKMARK', { kind: 'Pod', metadata: { resourceVersion: String(++version) } }),
    watching: () => watchers.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
