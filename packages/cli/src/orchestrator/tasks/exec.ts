/** `exec`: a further process in the container of a task, its input and output here. */
import { randomUUID } from 'node:crypto';
import { type AgentClient, agent as api, ContainerInfo_Type, MesosError } from '@orchestrator/mesos';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import type { TaskView } from '../views/tasks.ts';
import { type NestedId, nestedId } from './container-id.ts';
import { createInput, type SessionInput } from './session-input.ts';

export interface ExecOptions {
  readonly context: CommandContext;
  readonly agent: AgentClient;
  readonly task: TaskView;
  readonly argv: readonly string[];
  readonly interactive: boolean;
  readonly tty: boolean;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string | undefined;
}

const { Call_Type: calls, ProcessIO_Type: ioType, ProcessIO_Data_Type: dataType } = api;

/** Resolves to its exit code. @throws CliError `precondition` when the task has no container, MesosError what the agent says */
export async function execInTask(options: ExecOptions): Promise<number> {
  const { context, agent, task } = options;
  const parent = nestedId(task.container_ids);
  if (parent === undefined)
    throw new CliError('precondition', `task ${task.id} has no container (${task.state})`, {
      remedy: 'try again once it runs',
    });
  const containerId = { value: randomUUID(), parent };
  await using input = options.interactive ? createInput({ context, tty: options.tty }) : undefined;
  await passOutput(options, containerId, input);
  return await exitCodeOf(agent, containerId);
}

async function passOutput(
  options: ExecOptions,
  containerId: NestedId,
  input: SessionInput | undefined,
): Promise<void> {
  const { context, agent } = options;
  const { signal, terminal } = context;
  const call = {
    type: calls.LAUNCH_NESTED_CONTAINER_SESSION,
    launchNestedContainerSession: sessionOf(options, containerId, input),
  };
  const attach = () => {
    // When the session ends first, its input has nowhere to go, which is no failure.
    input?.attach(agent, containerId).catch((error) => {
      if (!(error instanceof MesosError)) throw error;
    });
  };
  for await (const io of agent.output(call, signal, attach)) {
    if (io.type !== ioType.DATA || io.data === undefined) continue;
    terminal.writeBytes(io.data.data, io.data.type === dataType.STDERR ? 'error' : 'out');
  }
}

function sessionOf(
  { argv, tty, environment, user }: ExecOptions,
  containerId: NestedId,
  input: SessionInput | undefined,
) {
  const [program = ''] = argv;
  const variables = Object.entries(environment).map(([name, value]) => ({ name, value }));
  return {
    containerId,
    command: {
      ...{ shell: false, value: program, arguments: [...argv] },
      ...(variables.length === 0 ? {} : { environment: { variables } }),
      ...(user === undefined ? {} : { user }),
    },
    ...(tty && {
      container: {
        type: ContainerInfo_Type.MESOS,
        ttyInfo: input === undefined ? {} : { windowSize: input.size() },
      },
    }),
  };
}

const signalBits = 0x7f;
const signalBase = 128;

/** As the kernel has it: the exit code in the second byte, or a signal in the first. */
export function decodeWaitStatus(status: number): number {
  const signal = status & signalBits;
  return signal === 0 ? (status >> 8) & 0xff : signalBase + signal;
}

async function exitCodeOf(agent: AgentClient, containerId: NestedId): Promise<number> {
  const answer = await agent.call({
    type: calls.WAIT_NESTED_CONTAINER,
    waitNestedContainer: { containerId },
  });
  return decodeWaitStatus(answer?.waitNestedContainer?.exitStatus ?? 0);
}
