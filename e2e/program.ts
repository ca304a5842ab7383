/** A real command as a real process, as it is installed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../packages/cli/bin/', import.meta.url));

export const programPath = (name: ProgramOptions['name']): string => `${bin}${name}`;
const cacheFolder = fileURLToPath(new URL('../.cache', import.meta.url));

const longestCommandMs = 130_000;

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Everything written to standard output and error so far. */
  text(): string;
}

export interface ProgramOptions {
  readonly name: 'zk-migrate' | 'orchestrator';
  readonly env: NodeJS.ProcessEnv;
}

export interface Program extends AsyncDisposable {
  start(...args: readonly string[]): Running;
  /** @throws Error with all it has printed, when it takes longer than any command should */
  run(...args: readonly string[]): Promise<Ended>;
  /** Standard output as JSON. @throws Error unless it ends with 0 */
  json<T>(...args: readonly string[]): Promise<T>;
  /** Ends whatever still runs. */
  close(): Promise<void>;
}

export function openProgram({ name, env }: ProgramOptions): Program {
  const running = new Set<Running>();

  const start = (...args: readonly string[]): Running => {
    const child = spawn(programPath(name), args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, XDG_CACHE_HOME: cacheFolder, NO_COLOR: '1', ...env },
    });
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        output[stream] += text;
      });
    }
    const ended = once(child, 'close').then(([exitCode]) => ({
      exitCode: exitCode as number | null,
      ...output,
    }));
    const self: Running = { child, ended, text: () => output.stdout + output.stderr };
    running.add(self);
    void ended.then(() => running.delete(self));
    return self;
  };

  const run = async (...args: readonly string[]) => {
    const self = start(...args);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      self.child.kill('SIGTERM');
    }, longestCommandMs);
    const ended = await self.ended;
    clearTimeout(timer);
    if (!isLate) return ended;
    const others = [...running].map((other) => other.text()).join('\n---\n');
    throw new Error(`${name} ${args.join(' ')} did not end: ${self.text()}\nwhile others printed: ${others}`);
  };
  const close = async () => {
    for (const { child } of running) child.kill('SIGTERM');
    await Promise.all([...running].map(({ ended }) => ended));
  };
  return {
    start,
    run,
    async json(...args) {
      const { exitCode, stdout, stderr } = await run(...args, '--json');
      if (exitCode !== 0)
        throw new Error(`${name} ${args.join(' ')} ended with ${exitCode}: ${stdout}${stderr}`);
      return JSON.parse(stdout);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
