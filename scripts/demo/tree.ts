/** The data that ensemble A holds before anything moves: a tree as applications leave it behind, the same on every run. */
import { seededRandom } from '@orchestrator/runtime';
import { digestOf } from '@orchestrator/testing';
import { type Acl, type MultiOp, permissions, type ZooKeeperClient } from '@orchestrator/zookeeper';

export interface TreeFacts {
  readonly nodes: number;
  readonly bytes: number;
  readonly sequential: number;
  readonly distinctAcls: number;
}

const services = 90;
const keysPerService = 100;
const queues = 20;
const jobsPerQueue = 300;
const secured = 2_000;
const securedOwners = 40;
const nodesPerMulti = 200;

interface Planned {
  readonly path: string;
  readonly data: Buffer;
  readonly acl?: readonly Acl[];
  readonly sequential?: boolean;
}

function* configuration(text: (bytes: number) => Buffer): Generator<Planned> {
  yield { path: '/app', data: Buffer.from('the demo') };
  yield { path: '/app/config', data: Buffer.alloc(0) };
  for (let service = 0; service < services; service++) {
    yield { path: `/app/config/service-${service}`, data: text(80) };
    for (let key = 0; key < keysPerService; key++)
      yield { path: `/app/config/service-${service}/key-${key}`, data: text(key === 0 ? 4_000 : 120) };
  }
}

function* jobs(text: (bytes: number) => Buffer): Generator<Planned> {
  yield { path: '/app/queues', data: Buffer.alloc(0) };
  for (let queue = 0; queue < queues; queue++) {
    yield { path: `/app/queues/q${queue}`, data: Buffer.alloc(0) };
    for (let job = 0; job < jobsPerQueue; job++)
      yield { path: `/app/queues/q${queue}/job-`, data: text(150), sequential: true };
  }
}

function* guarded(text: (bytes: number) => Buffer): Generator<Planned> {
  yield { path: '/app/secured', data: Buffer.alloc(0) };
  const everyone: Acl = { perms: permissions.read, scheme: 'world', id: 'anyone' };
  for (let index = 0; index < secured; index++) {
    const owner = `team-${index % securedOwners}`;
    const acl: Acl[] = [
      { perms: permissions.all, scheme: 'digest', id: digestOf(owner, `${owner}-password`) },
      everyone,
    ];
    yield { path: `/app/secured/n${index}`, data: text(200), acl };
  }
}

/** A directory tree eight levels deep takes whatever is left. */
function* nested(count: number, text: (bytes: number) => Buffer): Generator<Planned> {
  yield { path: '/app/nested', data: Buffer.alloc(0) };
  const paths = ['/app/nested'];
  for (let index = 1; index < count; index++) {
    const path = `${paths[Math.floor((index - 1) / 3)]}/d${index}`;
    paths.push(path);
    yield { path, data: text(60) };
  }
}

function plan(total: number): Planned[] {
  const random = seededRandom(20_000);
  const text = (bytes: number) => Buffer.from(Array.from({ length: bytes }, () => 97 + random.below(26)));
  const fixed = [...configuration(text), ...jobs(text), ...guarded(text)];
  return [...fixed, ...nested(total - fixed.length, text)];
}

/** Creates exactly `total` znodes below `/app`. */
export async function growTree(
  client: ZooKeeperClient,
  total: number,
  onProgress: (done: number) => void,
): Promise<TreeFacts> {
  const nodes = plan(total);
  for (let start = 0; start < nodes.length; start += nodesPerMulti) {
    const ops = nodes.slice(start, start + nodesPerMulti).map(
      ({ path, data, acl, sequential }): MultiOp => ({
        kind: 'create',
        path,
        data,
        ...(acl === undefined ? {} : { acl }),
        ...(sequential === true ? { mode: 'persistentSequential' as const } : {}),
      }),
    );
    await client.multi(ops);
    onProgress(Math.min(nodes.length, start + nodesPerMulti));
  }
  return {
    nodes: nodes.length,
    bytes: nodes.reduce((sum, node) => sum + node.data.length, 0),
    sequential: nodes.filter((node) => node.sequential === true).length,
    distinctAcls: new Set(nodes.map((node) => JSON.stringify(node.acl ?? 'open'))).size,
  };
}
