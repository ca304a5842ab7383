/** Real etcd clusters on this machine. */
import { join } from 'node:path';
import { TestingError } from '../errors.ts';
import { freePorts } from '../free-ports.ts';
import { RestartableServer } from '../restartable-server.ts';
import { removeFolder, temporaryFolder } from '../temporary-folder.ts';
import { waitFor } from '../wait-for.ts';

export interface EtcdOptions {
  /** Default 1. */
  members?: 1 | 3;
  /** Appended to each member's command line, e.g. `--quota-backend-bytes=16777216`. */
  flags?: readonly string[];
}

interface MemberStatus {
  header: { member_id: string };
  leader?: string;
}

const startAttempts = 3;
const answerTimeoutMs = 5_000;

export class EtcdMember extends RestartableServer {
  /** `http://host:port` of the client API. */
  readonly endpoint: string;

  constructor(options: { name: string; endpoint: string; args: readonly string[]; logFile: string }) {
    const { endpoint, args, logFile } = options;
    super({
      name: `etcd member ${options.name}`,
      launch: { command: 'etcd', args, logFile },
      // The client port answers as soon as the process is up; a member alone has a leader only when its quorum is back.
      isReady: () => fetch(`${endpoint}/version`, { signal: AbortSignal.timeout(answerTimeoutMs) }),
    });
    this.endpoint = endpoint;
  }

  /** Undefined when it does not answer or knows no leader. */
  async leadership(): Promise<'leader' | 'follower' | undefined> {
    if (this.state !== 'running') return undefined;
    const request = {
      method: 'POST',
      body: '{}',
      signal: AbortSignal.timeout(answerTimeoutMs),
    };
    const response = await fetch(`${this.endpoint}/v3/maintenance/status`, request).catch(() => undefined);
    if (response?.ok !== true) return undefined;
    const status = (await response.json()) as MemberStatus;
    if (status.leader === undefined || status.leader === '0') return undefined;
    return status.leader === status.header.member_id ? 'leader' : 'follower';
  }
}

export class EtcdCluster implements AsyncDisposable {
  readonly members: readonly EtcdMember[];
  /** `http://host:port` of each member's client API. */
  readonly endpoints: readonly string[];
  /** As `--store` takes it: `etcd://host:port,host:port`. */
  readonly storeUrl: string;
  readonly #folder: string;

  constructor(members: readonly EtcdMember[], folder: string) {
    this.members = members;
    this.endpoints = members.map((member) => member.endpoint);
    this.storeUrl = `etcd://${this.endpoints.map((endpoint) => endpoint.replace('http://', '')).join(',')}`;
    this.#folder = folder;
  }

  async leader(): Promise<EtcdMember | undefined> {
    for (const member of this.members) if ((await member.leadership()) === 'leader') return member;
    return undefined;
  }

  /** Resolves with the leader when every running member knows one. @throws TestingError `Timeout` */
  async waitForQuorum(options: { timeoutMs?: number } = {}): Promise<EtcdMember> {
    const look = async () => {
      const running = this.members.filter((member) => member.state === 'running');
      const roles = await Promise.all(running.map((member) => member.leadership()));
      return roles.includes(undefined) ? undefined : running[roles.indexOf('leader')];
    };
    return await waitFor(look, { what: `a leader of ${this.endpoints.join(', ')}`, ...options });
  }

  /** Starts all that are stopped. @throws as `RestartableServer.start` */
  async start(): Promise<void> {
    const stopped = this.members.filter((member) => member.state === 'stopped');
    await Promise.all(stopped.map((member) => member.start()));
  }

  /** Kills what runs and removes the data. */
  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    await removeFolder(this.#folder);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function createCluster(options: EtcdOptions): Promise<EtcdCluster> {
  const count = options.members ?? 1;
  const ports = await freePorts(2 * count);
  const folder = await temporaryFolder('etcd');
  const peers = Array.from({ length: count }, (_, index) => ({
    name: `${index + 1}`,
    client: `http://127.0.0.1:${ports[2 * index]}`,
    peer: `http://127.0.0.1:${ports[2 * index + 1]}`,
  }));
  const initialCluster = peers.map(({ name, peer }) => `${name}=${peer}`).join(',');
  const members = peers.map(({ name, client, peer }) => {
    const flags = {
      name,
      'data-dir': join(folder, name),
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': initialCluster,
      'initial-cluster-token': folder,
    };
    const args = [
      ...Object.entries(flags).map(([key, value]) => `--${key}=${value}`),
      ...(options.flags ?? []),
    ];
    return new EtcdMember({ name, endpoint: client, args, logFile: join(folder, `${name}.log`) });
  });
  return new EtcdCluster(members, folder);
}

/**
 * A running cluster with a leader. Its processes die with this one, however it dies.
 *
 * @throws TestingError `StartFailed` with the end of a member's log, `MissingProgram` when etcd is not installed
 */
export async function startEtcd(options: EtcdOptions = {}): Promise<EtcdCluster> {
  for (let attempt = 1; ; attempt++) {
    const cluster = await createCluster(options);
    try {
      await cluster.start();
      await cluster.waitForQuorum();
      return cluster;
    } catch (error) {
      await cluster.close();
      // Another process may have taken a port since it was found free.
      const portTaken = error instanceof TestingError && error.message.includes('address already in use');
      if (!portTaken || attempt === startAttempts) throw error;
    }
  }
}
