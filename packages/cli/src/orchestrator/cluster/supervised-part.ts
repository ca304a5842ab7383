/** One process of a local cluster, started again whenever it ends, as a supervisor of a real one does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { type Clock, createBackoff, sleep } from '@orchestrator/runtime';
import type { PartPlan } from './plan.ts';
import { identify, type ProcessIdentity } from './process-identity.ts';
import type { PartRecord } from './record.ts';

const firstDelayMs = 300;
const maxDelayMs = 5_000;
/** It is well again after this long: the next end is not counted with those before. */
const stableMs = 30_000;
const stopTimeoutMs = 10_000;

export interface PartEnd {
  /** `exit code 1`, `SIGKILL` */
  readonly text: string;
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
}

export interface SupervisedPartOptions {
  readonly plan: PartPlan;
  readonly clock: Clock;
  /** Its process is another, or none. */
  readonly onChange: () => void;
  /** It has ended by itself. */
  readonly onEnd: (how: PartEnd) => void;
}

export class SupervisedPart {
  readonly #options: SupervisedPartOptions;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #process: ProcessIdentity | null = null;
  #restarts = 0;
  #running: Promise<void> | undefined;

  constructor(options: SupervisedPartOptions) {
    this.#options = options;
  }

  get plan(): PartPlan {
    return this.#options.plan;
  }

  get restarts(): number {
    return this.#restarts;
  }

  record(): PartRecord {
    const { name, kind, address, flags } = this.plan;
    return { name, kind, address, flags, process: this.#process, restarts: this.#restarts };
  }

  /** Resolves once its first process runs. @throws Error when it cannot be started at all */
  async start(): Promise<void> {
    await mkdir(this.plan.folder, { recursive: true, mode: 0o755 });
    const child = await this.#spawn();
    this.#running = this.#superviseFrom(child);
  }

  /** SIGTERM, and SIGKILL when it does not end. */
  async stop(): Promise<void> {
    const { clock } = this.#options;
    this.#stopping.abort();
    this.#child?.kill('SIGTERM');
    const timer = clock.after(stopTimeoutMs, () => this.#child?.kill('SIGKILL'));
    await this.#running;
    timer.cancel();
  }

  async #spawn(): Promise<ChildProcess> {
    const { command, flags, environment, logFile, folder } = this.plan;
    const [program = '', ...args] = [...command, ...flags];
    const log = await open(logFile, 'a', 0o600);
    try {
      // Not in our process group: Ctrl-C in the terminal is for the supervisor, which stops all in order.
      const child = spawn(program, args, {
        ...{ cwd: folder, detached: true, stdio: ['ignore', log.fd, log.fd] },
        env: { ...withoutMesosFlags(process.env), ...environment },
      });
      await once(child, 'spawn');
      this.#child = child;
      this.#process = (await identify(child.pid ?? 0)) ?? null;
      this.#options.onChange();
      return child;
    } finally {
      await log.close();
    }
  }

  async #superviseFrom(first: ChildProcess): Promise<void> {
    const { clock, onChange, onEnd } = this.#options;
    const { signal } = this.#stopping;
    const backoff = createBackoff({ firstDelayMs, maxDelayMs });
    for (let child: ChildProcess | undefined = first; child !== undefined; ) {
      const startedMs = clock.monotonicMs();
      const how = await endOf(child);
      this.#child = undefined;
      this.#process = null;
      if (signal.aborted) return;
      onEnd(how);
      onChange();
      if (clock.monotonicMs() - startedMs > stableMs) backoff.reset();
      await sleep(clock, backoff.nextDelayMs(), signal).catch(() => undefined); // woken by `stop`
      this.#restarts++;
      child = signal.aborted ? undefined : await this.#spawn();
    }
  }
}

async function endOf(child: ChildProcess): Promise<PartEnd> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  const { exitCode, signalCode } = child;
  return { exitCode, text: signalCode ?? `exit code ${exitCode}` };
}

/** Variables of a Mesos that is installed here are flags, too. */
const withoutMesosFlags = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(MESOS|LIBPROCESS|SSL)_/.test(name)));
