/**
 * Writers that keep a ledger of what was acknowledged, so that afterwards it can be said what was lost.
 *
 * Every value says how often its node was written (`<count>:<writer>:<padding>`), and each node has one writer: when an
 * ensemble holds a node's last acknowledged count or a later one, nothing acknowledged was lost.
 */
import { type ZooKeeperClient, ZooKeeperError } from '@orchestrator/zookeeper';

export interface WorkloadOptions {
  readonly client: ZooKeeperClient;
  /** The nodes are made below this one, which is made too. */
  readonly folder: string;
  readonly writer: string;
  readonly nodes: number;
  /** As fast as the window allows when left out. */
  readonly updatesPerS?: number;
  /** Default 100. */
  readonly valueBytes?: number;
  /** Updates sent and not answered. Default 200. */
  readonly window?: number;
  /** Of 100 changes, so many delete and create a node anew. Default 0. */
  readonly recreatePercent?: number;
}

export interface Acknowledged {
  /** `null`: the last thing acknowledged was a delete. */
  readonly count: number | null;
  /** A later write was sent, and nobody knows what became of it. */
  readonly unsettled: boolean;
}

export interface Workload {
  readonly attempted: number;
  readonly acknowledged: number;
  readonly failed: number;
  /** By path. */
  readonly ledger: ReadonlyMap<string, Acknowledged>;
  /** Resolves once every answer is in. */
  stop(): Promise<void>;
}

const settleMs = 20;

function textOf(count: number, writer: string, bytes: number): string {
  return `${count}:${writer}:`.padEnd(bytes, '.');
}

async function createFolder(client: ZooKeeperClient, folder: string): Promise<void> {
  let path = '';
  for (const name of folder.split('/').slice(1)) {
    path += `/${name}`;
    await client.create(path, null).catch((error) => {
      if (!(error instanceof ZooKeeperError && error.code === 'NodeExists')) throw error;
    });
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

class Writers implements Workload {
  attempted = 0;
  acknowledged = 0;
  failed = 0;
  readonly ledger = new Map<string, Acknowledged>();
  readonly #options: WorkloadOptions;
  readonly #paths: string[] = [];
  readonly #busy = new Set<string>();
  #counts = new Map<string, number>();
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: WorkloadOptions) {
    this.#options = options;
    for (let i = 0; i < options.nodes; i++) this.#paths.push(`${options.folder}/${options.writer}-${i}`);
  }

  async prepare(): Promise<void> {
    const { client, folder } = this.#options;
    await createFolder(client, folder);
    await Promise.all(this.#paths.map((path) => this.#write(path)));
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
    while (this.#busy.size > 0) await pause(settleMs);
  }

  async #run(): Promise<void> {
    const { updatesPerS, window = 200 } = this.#options;
    const startMs = performance.now();
    let sent = 0;
    for (let next = 0; !this.#isStopped; next++) {
      const path = this.#paths[next % this.#paths.length] ?? '';
      if (this.#busy.size >= window || this.#busy.has(path)) {
        await pause(1);
        continue;
      }
      if (updatesPerS !== undefined && sent >= ((performance.now() - startMs) / 1000) * updatesPerS) {
        await pause(1);
        continue;
      }
      sent++;
      void this.#write(path);
      if (sent % 100 === 0) await pause(0);
    }
  }

  async #write(path: string): Promise<void> {
    const { client, writer, valueBytes = 100, recreatePercent = 0 } = this.#options;
    const count = (this.#counts.get(path) ?? 0) + 1;
    this.#counts.set(path, count);
    this.#busy.add(path);
    this.attempted++;
    const before = this.ledger.get(path);
    const value = textOf(count, writer, valueBytes);
    const isThere = before !== undefined && before.count !== null;
    try {
      if (isThere && this.attempted % 100 < recreatePercent) {
        await client.delete(path);
        this.ledger.set(path, { count: null, unsettled: false });
      } else if (isThere) {
        await client.setData(path, value);
        this.ledger.set(path, { count, unsettled: false });
      } else {
        await client.create(path, value);
        this.ledger.set(path, { count, unsettled: false });
      }
      this.acknowledged++;
    } catch (error) {
      this.failed++;
      await this.#lookAgain(path, before, error);
    } finally {
      this.#busy.delete(path);
    }
  }

  /** After a lost answer the node itself says what holds; until it can be read, either may. */
  async #lookAgain(path: string, before: Acknowledged | undefined, error: unknown): Promise<void> {
    this.ledger.set(path, { count: before?.count ?? null, unsettled: true });
    if (!(error instanceof ZooKeeperError)) throw error;
    while (!this.#isStopped) {
      try {
        const { data } = await this.#options.client.getData(path);
        this.ledger.set(path, { count: countIn(data), unsettled: false });
        return;
      } catch (again) {
        if (again instanceof ZooKeeperError && again.code === 'NoNode') {
          this.ledger.set(path, { count: null, unsettled: false });
          return;
        }
        await pause(settleMs);
      }
    }
  }
}

function countIn(data: Buffer | null): number {
  return Number(data?.toString('latin1').split(':')[0] ?? -1);
}

/** Makes the nodes, then writes them in turn until stopped. */
export async function startWorkload(options: WorkloadOptions): Promise<Workload> {
  const writers = new Writers(options);
  await writers.prepare();
  writers.start();
  return writers;
}

/** Paths whose last acknowledged write an ensemble does not hold. */
export async function findLost(client: ZooKeeperClient, workload: Workload): Promise<string[]> {
  await client.sync('/');
  const lost: string[] = [];
  await Promise.all(
    [...workload.ledger].map(async ([path, { count, unsettled }]) => {
      const found = await client.getData(path).then(
        ({ data }) => countIn(data),
        (error) => {
          if (error instanceof ZooKeeperError && error.code === 'NoNode') return null;
          throw error;
        },
      );
      const isHeld = count === null ? found === null : found !== null && found >= count;
      if (!isHeld && !unsettled) lost.push(`${path}: acknowledged ${count}, found ${found}`);
    }),
  );
  return lost;
}
