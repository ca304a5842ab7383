/** Looks into sandboxes through the files API of the task's agent. */
import { posix } from 'node:path';
import { type AgentClient, createAgentClient, agent as protocol } from '@orchestrator/mesos';
import { type Dispatcher, request } from 'undici';
import { MonitorError } from '../errors.ts';
import type { SandboxFile, SandboxPlace, SandboxText } from '../schema/index.ts';
import { agentPlace } from './actions.ts';
import type { MesosAccess } from './follow.ts';
import type { ClusterState } from './state.ts';

export interface Sandboxes {
  list(place: SandboxPlace): Promise<{ path: string; files: SandboxFile[] }>;
  /** `offset` below 0: from the end. */
  read(place: SandboxPlace, offset: number, length: number): Promise<SandboxText>;
  /** The file as it comes. */
  download(
    place: SandboxPlace,
  ): Promise<{ name: string; sizeBytes: number | undefined; body: Dispatcher.ResponseData['body'] }>;
}

/** What agents give at once. */
export const maxReadBytes = 64 * 1024;
const maxFiles = 10_000;
const callTimeoutMs = 15_000;
const folderBit = 0o040000;
const typeBits = 0o170000;
const rights = 'rwxrwxrwx';

function modeText(mode: number): string {
  const bits = [...rights].map((letter, index) => ((mode >> (8 - index)) & 1 ? letter : '-')).join('');
  return `${(mode & typeBits) === folderBit ? 'd' : '-'}${bits}`;
}

/** One part of a path, and no more. */
function partOf(name: string, value: string): string {
  if (!/[/\0]/.test(value) && value !== '.' && value !== '..') return value;
  throw new MonitorError('invalid', `"${value.slice(0, 100)}" is no ${name}`);
}

/** The path that agents give to the last run of an executor, and what is below it. */
function pathsOf({ framework, executor, container, path }: SandboxPlace) {
  const [frameworkId, executorId] = [partOf('framework', framework), partOf('executor', executor)];
  const run = container === undefined ? 'latest' : partOf('container', container);
  const root = `/frameworks/${frameworkId}/executors/${executorId}/runs/${run}`;
  const below = posix.normalize(`/${path}`).replace(/(.)\/$/, '$1');
  return { root, below, full: below === '/' ? root : `${root}${below}` };
}

function shown(root: string, files: readonly protocolFile[]): SandboxFile[] {
  return files.slice(0, maxFiles).map(({ path, size, mode, mtime, uid }) => {
    const name = posix.basename(path);
    return {
      ...{ name, path: path.startsWith(root) ? path.slice(root.length) : name },
      isFolder: (mode & typeBits) === folderBit,
      sizeBytes: Number(size),
      modifiedMs: Number((mtime?.nanoseconds ?? 0n) / 1_000_000n),
      ...{ mode: modeText(mode), owner: uid },
    };
  });
}
type protocolFile = NonNullable<protocol.ResponseValid['listFiles']>['fileInfos'][number];

/** Whole characters only: the rest is read with what follows. */
function wholeText(bytes: Uint8Array, isEnd: boolean): { text: string; used: number } {
  let used = bytes.length;
  if (!isEnd) {
    // A lead byte among the last three may want more than is there.
    for (let back = 1; back <= Math.min(3, bytes.length); back++) {
      const byte = bytes[bytes.length - back] ?? 0;
      if (byte < 0x80) break;
      if (byte < 0xc0) continue;
      const wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      if (wanted > back) used = bytes.length - back;
      break;
    }
  }
  return { text: Buffer.from(bytes.buffer, bytes.byteOffset, used).toString('utf8'), used };
}

export function createSandboxes(state: ClusterState, access: MesosAccess): Sandboxes {
  const clientOf = (agentId: string): AgentClient =>
    createAgentClient({ ...access, agent: agentPlace(state, agentId), format: 'protobuf', callTimeoutMs });

  const readBytes = async (client: AgentClient, path: string, offset: number, length: number) => {
    const readFile = { path, offset: BigInt(offset), length: BigInt(length) };
    const answer = (await client.call({ type: protocol.Call_Type.READ_FILE, readFile }))?.readFile;
    return { sizeBytes: Number(answer?.size ?? 0n), data: answer?.data ?? new Uint8Array() };
  };

  return {
    async list(place) {
      const { root, below, full } = pathsOf(place);
      const call = { type: protocol.Call_Type.LIST_FILES, listFiles: { path: full } };
      const answer = (await clientOf(place.agent).call(call))?.listFiles;
      return { path: below, files: shown(root, answer?.fileInfos ?? []) };
    },
    async read(place, offset, length) {
      const { full } = pathsOf(place);
      const client = clientOf(place.agent);
      const wanted = Math.min(length, maxReadBytes);
      const from =
        offset >= 0 ? offset : Math.max(0, (await readBytes(client, full, 0, 0)).sizeBytes + offset);
      const { sizeBytes, data } = await readBytes(client, full, from, wanted);
      const { text, used } = wholeText(data, from + data.length >= sizeBytes);
      return { offset: from, nextOffset: from + used, sizeBytes, text };
    },
    async download(place) {
      const { full } = pathsOf(place);
      const { host, port } = agentPlace(state, place.agent);
      const url = `${access.scheme}://${host}:${port}/files/download?path=${encodeURIComponent(full)}`;
      const { authorization } = access;
      const { statusCode, headers, body } = await request(url, {
        headersTimeout: callTimeoutMs,
        ...(authorization === undefined ? {} : { headers: { authorization } }),
      });
      if (statusCode !== 200) {
        await body.dump();
        throw new MonitorError('not-found', `the agent gives no file ${place.path} (${statusCode})`);
      }
      const sizeBytes = Number(headers['content-length'] ?? Number.NaN);
      return { name: posix.basename(full), sizeBytes: Number.isNaN(sizeBytes) ? undefined : sizeBytes, body };
    },
  };
}
