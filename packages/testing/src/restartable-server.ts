/** A server that can be started, killed, frozen and started again, as tests of failures need it. */
import { readdirSync, readFileSync } from 'node:fs';
import { TestingError } from './errors.ts';
import { logTail, type ServerProcess, type ServerProcessOptions, startProcess } from './server-process.ts';
import { waitFor } from './wait-for.ts';

export interface RestartableServerOptions {
  /** For messages, e.g. `ZooKeeper server 2`. */
  name: string;
  /** The command of each start. */
  launch: ServerProcessOptions;
  /** Looked at until it gives something truthy: the server then counts as started. */
  isReady: () => Promise<unknown>;
}

/** SIGTERM becomes SIGKILL after this. */
const stopTimeoutMs = 10_000;
const readyTimeoutMs = 60_000;
/** Of threads that have been told to stop. */
const pauseTimeoutMs = 5_000;

/** A thread stops when it is scheduled next, which takes its time on a machine that is busy; meanwhile others answer. */
function waitUntilStopped(pid: number): void {
  const deadlineMs = performance.now() + pauseTimeoutMs;
  const nobodyWakes = new Int32Array(new SharedArrayBuffer(4));
  while (!areAllStopped(pid) && performance.now() < deadlineMs) Atomics.wait(nobodyWakes, 0, 0, 1);
}

function areAllStopped(pid: number): boolean {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.every((id) => /\) [TXZ] /.test(readFileSync(`/proc/${pid}/task/${id}/stat`, 'latin1')));
  } catch {
    return false; // a thread, or all of it, has just ended: the next look tells which
  }
}

export class RestartableServer {
  readonly name: string;
  /** Standard output and error of every run. */
  readonly logFile: string;
  readonly #options: RestartableServerOptions;
  #process: ServerProcess | undefined;
  #paused = false;

  constructor(options: RestartableServerOptions) {
    this.name = options.name;
    this.logFile = options.launch.logFile;
    this.#options = options;
  }

  /** Undefined while no process runs. */
  get pid(): number | undefined {
    return this.state === 'stopped' ? undefined : this.#process?.pid;
  }

  /** A server that died by itself counts as stopped. */
  get state(): 'running' | 'paused' | 'stopped' {
    if (this.#process === undefined || this.#process.ended !== undefined) return 'stopped';
    return this.#paused ? 'paused' : 'running';
  }

  /**
   * Starts the process and resolves when it is ready.
   *
   * @throws TestingError `StartFailed` with the end of the log when the process ends, `WrongState` when one runs
   */
  async start(): Promise<void> {
    this.expectStopped();
    this.#paused = false;
    this.#process = await startProcess(this.#options.launch);
    const isReady = async () => {
      await this.expectAlive();
      return this.#options.isReady();
    };
    const what = `${this.name} to be ready (log: ${this.logFile})`;
    await waitFor(isReady, { what, timeoutMs: readyTimeoutMs });
  }

  /** SIGTERM, then SIGKILL if that takes longer than 10 s. */
  async stop(): Promise<void> {
    this.resume();
    this.#process?.signal('SIGTERM');
    const timer = setTimeout(() => this.#process?.signal('SIGKILL'), stopTimeoutMs);
    await this.#process?.exit;
    clearTimeout(timer);
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#process?.signal('SIGKILL');
    await this.#process?.exit;
  }

  /** SIGSTOP: connections stay open, nothing answers. Returns when all its threads stand still. */
  pause(): void {
    if (this.state !== 'running' || this.#process === undefined) return;
    this.#process.signal('SIGSTOP');
    this.#paused = true;
    waitUntilStopped(this.#process.pid);
  }

  /** SIGCONT */
  resume(): void {
    if (this.state !== 'paused') return;
    this.#process?.signal('SIGCONT');
    this.#paused = false;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** @throws TestingError `WrongState` while a process runs */
  protected expectStopped(): void {
    if (this.state !== 'stopped') throw new TestingError('WrongState', `${this.name} is ${this.state}`);
  }

  /** @throws TestingError `StartFailed` with the end of the log when the process has ended */
  protected async expectAlive(): Promise<void> {
    const ended = this.#process?.ended;
    if (ended === undefined) return;
    const tail = await logTail(this.logFile);
    throw new TestingError('StartFailed', `${this.name} ended with ${ended}; its log:\n${tail}`);
  }
}
