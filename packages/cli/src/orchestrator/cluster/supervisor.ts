/** The process behind a local cluster: starts its parts, starts them again, stops them in order. */
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { type Clock, makeFolder, sleep } from '@orchestrator/runtime';
import { CliError } from '../../program/errors.ts';
import { exitCodes } from '../../program/exit-codes.ts';
import type { ClusterPlan } from './plan.ts';
import { identify } from './process-identity.ts';
import { awaitReady, type Readiness } from './readiness.ts';
import { type ClusterRecord, type PartKind, writeClusterRecord } from './record.ts';
import { SupervisedPart } from './supervised-part.ts';
import { destroyContainersOf, removeState } from './sweep.ts';

const readyTimeoutMs = 90_000;
/** A part that ends so often before all are ready will not be mended by another start. */
const mostEarlyEnds = 5;
const pollMs = 50;
const logTailBytes = 1_500;

export interface SupervisorOptions {
  readonly plan: ClusterPlan;
  readonly folder: string;
  readonly containerizers: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What happens, for people. */
  readonly say: (text: string) => void;
}

export class ClusterSupervisor {
  readonly #options: SupervisorOptions;
  readonly #parts: readonly SupervisedPart[];
  readonly #startedMs: number;
  readonly #broken = new AbortController();
  #ready = false;
  #stopped = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: SupervisorOptions) {
    const { plan, clock, say } = options;
    this.#options = options;
    this.#startedMs = clock.nowMs();
    this.#parts = plan.parts.map((part) => {
      const supervised = new SupervisedPart({
        ...{ plan: part, clock, onChange: () => this.#record() },
        onEnd: ({ text, exitCode }) => {
          say(`${part.name} has ended (${text}), and is started again`);
          // Another start does not mend a wrong flag.
          const isHopeless = exitCode === exitCodes.usage || supervised.restarts >= mostEarlyEnds;
          if (!this.#ready && isHopeless) this.#giveUpOn(supervised, text);
        },
      });
      return supervised;
    });
  }

  /** @throws CliError when it is not ready in time, or a part of it ends again and again */
  async start(): Promise<Readiness> {
    const { folder, plan, clock, signal } = this.#options;
    await makeFolder(folder, 0o755);
    const deadline = clock.after(readyTimeoutMs, () => this.#broken.abort(notReady(folder)));
    const either = AbortSignal.any([signal, this.#broken.signal]);
    try {
      for (const part of this.#of('zookeeper')) {
        await part.start();
        await listening(part.plan.address, clock, either);
      }
      await Promise.all([...this.#of('master'), ...this.#of('agent')].map((part) => part.start()));
      const agents = this.#of('agent').length;
      const readiness = await awaitReady({ masters: plan.masters, agents, clock, signal: either });
      this.#ready = true;
      this.#record();
      await this.#writing;
      return readiness;
    } catch (error) {
      throw either.aborted ? either.reason : error;
    } finally {
      deadline.cancel();
    }
  }

  /**
   * Ends everything, its containers too, and removes its state unless it is to be kept.
   *
   * @throws AgentError `RuntimeUnavailable` when containers cannot be ended now; the record stays for `cluster down`
   */
  async stop({ keep }: { readonly keep: boolean }): Promise<void> {
    const { folder } = this.#options;
    const parts = this.#parts.map((part) => part.record());
    for (const kind of ['agent', 'master', 'zookeeper'] as const)
      await Promise.all(this.#of(kind).map((part) => part.stop()));
    await destroyContainersOf(folder, parts);
    this.#stopped = true;
    await this.#writing;
    await removeState(folder, parts, { keep });
  }

  #of(kind: PartKind): readonly SupervisedPart[] {
    return this.#parts.filter(({ plan }) => plan.kind === kind);
  }

  /** One write after the other, each of the state as it is then. */
  #record(): void {
    this.#writing = this.#writing.then(async () => {
      const supervisor = await identify(process.pid);
      if (this.#stopped || supervisor === undefined) return;
      const { plan, folder, containerizers } = this.#options;
      const record: ClusterRecord = {
        ...{ version: 1, supervisor, started_ms: this.#startedMs, ready: this.#ready },
        ...{ masters: plan.masters, zk: plan.zk, containerizers },
        parts: this.#parts.map((part) => part.record()),
      };
      await writeClusterRecord(folder, record);
    });
    this.#writing.catch((error) => this.#broken.abort(error));
  }

  #giveUpOn({ plan }: SupervisedPart, how: string): void {
    void tailOf(plan.logFile).then((tail) =>
      this.#broken.abort(
        new CliError('unavailable', `${plan.name} does not start: ${how}\n${tail}`, {
          remedy: `all that it says is in ${plan.logFile}`,
        }),
      ),
    );
  }
}

function notReady(folder: string): CliError {
  return new CliError('timeout', `the cluster was not ready within ${readyTimeoutMs / 1000} s`, {
    remedy: `the logs of its parts are in ${folder}`,
  });
}

async function tailOf(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: Error) => error.message);
  return text.slice(-logTailBytes).trimEnd();
}

async function listening(address: string, clock: Clock, signal: AbortSignal): Promise<void> {
  const { hostname: host, port } = new URL(`tcp://${address}`);
  const answers = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect({ host, port: Number(port) });
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
  while (!(await answers())) await sleep(clock, pollMs, signal);
}
