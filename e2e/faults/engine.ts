/** An engine in a process of its own, as a test holds it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { SyncEngine } from '@orchestrator/sync';
import { waitFor } from '@orchestrator/testing';
import { type Answer, type Call, callable, type EngineOptions } from './engine-calls.ts';

type Method = (typeof callable)[number];
/** The engine's own methods, over the channel; a rejection has the `code` of the engine's. */
type Remote = {
  readonly [Name in Method]: (
    ...args: Parameters<SyncEngine[Name]>
  ) => Promise<Awaited<ReturnType<SyncEngine[Name]>>>;
};

export interface EngineProcess extends Remote, AsyncDisposable {
  readonly logFile: string;
  /** Starts, and resolves once it carries changes. Rejects when it is refused. */
  lead(): Promise<void>;
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

export interface EngineProcessOptions {
  readonly engine: EngineOptions;
  readonly logFile: string;
  /** Of the host it runs on; default: none, the machine itself. */
  readonly wrapper?: readonly string[];
}

const program = fileURLToPath(new URL('engine-program.ts', import.meta.url));
const readyTimeoutMs = 60_000;

function launch({ engine, logFile, wrapper = [] }: EngineProcessOptions): ChildProcess {
  // The kernel ends it with this process, however that ends.
  const parts = [
    ...wrapper,
    'setpriv',
    '--pdeathsig',
    'KILL',
    '--',
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    program,
  ];
  const [command = '', ...args] = [...parts, JSON.stringify(engine)];
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, {
    stdio: ['ignore', log, log, 'ipc'],
    serialization: 'advanced',
    detached: true,
  });
  closeSync(log);
  return child;
}

export async function startEngineProcess(options: EngineProcessOptions): Promise<EngineProcess> {
  const child = launch(options);
  const gone = once(child, 'exit');
  await once(child, 'spawn');
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  child.on('message', (answer: Answer) => {
    const caller = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('result' in answer) caller?.resolve(answer.result);
    else caller?.reject(Object.assign(new Error(answer.error.message), { code: answer.error.code }));
  });
  void gone.then(async () => {
    if (waiting.size === 0) return;
    const log = await readFile(options.logFile, 'utf8').catch(String);
    for (const { reject } of waiting.values()) reject(new Error(`the engine died: ${log.slice(-2_000)}`));
  });
  let nextId = 0;
  const call = (method: Method, args: readonly unknown[]): Promise<unknown> => {
    const caller = Promise.withResolvers<unknown>();
    const request: Call = { id: nextId++, method, args };
    waiting.set(request.id, caller);
    child.send(request, (error) => {
      if (error !== null) caller.reject(error);
    });
    return caller.promise;
  };
  const remote = Object.fromEntries(
    callable.map((method) => [method, (...args: unknown[]) => call(method, args)]),
  ) as unknown as Remote;
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  return {
    ...remote,
    logFile: options.logFile,
    async lead() {
      await remote.start();
      let seen = '';
      const leads = async () => {
        const { state, problem } = await remote.status();
        seen = `${state}, ${problem}`;
        return state === 'syncing';
      };
      const what = () => `the engine to lead; it is ${seen} (log: ${options.logFile})`;
      await waitFor(leads, { what, timeoutMs: readyTimeoutMs });
    },
    signal: (name) => void child.kill(name),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
