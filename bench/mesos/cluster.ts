/** A master, simulated agents and frameworks, each kind in a process of its own, so that the master's figures are its own. */
import { freePorts, removeFolder, temporaryFolder } from '@orchestrator/testing';
import { type Child, type Command, program, startChild } from '../child.ts';
import { cpuMs, rssMb } from '../probe/processes.ts';
import { until } from './until.ts';

/** Offers to one framework come from all agents; tasks are launched ten at a time, as the peer was measured. */
export const tasksPerAccept = 10;

/** A process that is asked in lines and answers in JSON. */
export class Program {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async start(name: string, command: Command): Promise<Program> {
    return new Program(await startChild(name, command));
  }

  get pid(): number {
    return this.#child.pid;
  }

  get cpuMs(): number {
    return cpuMs(this.#child.pid);
  }

  get rssMb(): number {
    return rssMb(this.#child.pid);
  }

  async ask<Answer>(line: string): Promise<Answer> {
    return JSON.parse(await this.#child.ask(line)) as Answer;
  }

  close(): Promise<void> {
    return this.#child.close();
  }
}

export interface BenchMaster extends AsyncDisposable {
  readonly program: Program;
  readonly url: string;
  readonly place: string;
  readonly pid: string;
}

/** To see what a master does with its time: `BENCH_MASTER_NODE_OPTIONS='--cpu-prof --cpu-prof-dir=/tmp' npm run bench -- launch`. */
function masterProgram(...args: string[]): Command {
  const command = program('mesos-master.ts', ...args);
  const options = process.env.BENCH_MASTER_NODE_OPTIONS?.split(' ') ?? [];
  return { ...command, args: [...options, ...command.args] };
}

/** With its registry in a file, unless the flags say otherwise. Resolves when it leads, or knows who does. */
export async function startMaster(flags: readonly string[] = []): Promise<BenchMaster> {
  const folder = await temporaryFolder('bench-master');
  const [port = 0] = await freePorts(1);
  const started = await Program.start(
    'the master',
    masterProgram(folder, '--ip=127.0.0.1', `--port=${port}`, ...flags),
  );
  const place = `127.0.0.1:${port}`;
  const url = `http://${place}`;
  await until('the master to serve', () =>
    fetch(`${url}/state`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return {
    ...{ program: started, url, place, pid: `master@${place}` },
    async [Symbol.asyncDispose]() {
      await started.close();
      await removeFolder(folder);
    },
  };
}

export interface Agents extends AsyncDisposable {
  readonly program: Program;
  readonly count: number;
  /** They register, as fast as the master takes them; resolves with how long it took. */
  register(masterPid: string): Promise<number>;
}

export async function startAgents(count: number): Promise<Agents> {
  const [port = 0] = await freePorts(1);
  const agents = await Program.start('agents', program('mesos-agents.ts', String(count), String(port)));
  return {
    ...{ program: agents, count },
    async register(masterPid) {
      await agents.ask(`follow ${masterPid} 0`);
      return (await agents.ask<{ elapsedMs: number }>(`registered ${count}`)).elapsedMs;
    },
    [Symbol.asyncDispose]: () => agents.close(),
  };
}

interface FrameworksOptions {
  readonly count: number;
  readonly format?: 'json' | 'protobuf';
  /** `host:port`, or the group of masters in ZooKeeper. */
  readonly place: string;
}

export function startFrameworks({ count, format = 'json', place }: FrameworksOptions): Promise<Program> {
  return Program.start('frameworks', program('mesos-frameworks.ts', String(count), format, place));
}
