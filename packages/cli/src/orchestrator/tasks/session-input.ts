/** What is typed or piped here, as the input of a session: a stream of calls, the first of which names the container. */
import { type AgentClient, agent as api } from '@orchestrator/mesos';
import type { CommandContext } from '../../program/context.ts';
import type { NestedId } from './container-id.ts';

type InputCall = Parameters<AgentClient['call']>[0];

export interface SessionInput extends AsyncDisposable {
  /** Resolves when the agent has taken it all. */
  attach(agent: AgentClient, containerId: NestedId): Promise<void>;
  size(): { rows: number; columns: number };
}

const { Call_Type: calls, Call_AttachContainerInput_Type: inputType } = api;
const { ProcessIO_Type: ioType, ProcessIO_Data_Type: dataType, ProcessIO_Control_Type: control } = api;

/** So that nobody between us and the agent takes a silent connection for a dead one. */
const heartbeatMs = 15_000;
const defaultRows = 24;
/** Held back when the agent does not read: what is typed is little, what is piped waits in the pipe. */
const mostQueued = 64;

const attachCall = (attachContainerInput: object): InputCall => ({
  type: calls.ATTACH_CONTAINER_INPUT,
  attachContainerInput,
});

const dataCall = (data: Uint8Array): InputCall =>
  attachCall({
    type: inputType.PROCESS_IO,
    processIo: { type: ioType.DATA, data: { type: dataType.STDIN, data } },
  });

const controlCall = (content: object): InputCall =>
  attachCall({ type: inputType.PROCESS_IO, processIo: { type: ioType.CONTROL, control: content } });

const heartbeat = () =>
  controlCall({
    type: control.HEARTBEAT,
    heartbeat: { interval: { nanoseconds: BigInt(heartbeatMs) * 1_000_000n } },
  });

/** Puts the terminal into raw mode with `tty`, where standard input is one; `dispose` sets it back. */
export function createInput({
  context: { clock },
  tty,
}: {
  readonly context: CommandContext;
  readonly tty: boolean;
}): SessionInput {
  const { stdin, stdout } = process;
  const isTerminal = tty && stdin.isTTY === true;
  const queue: InputCall[] = [];
  let wake: () => void = () => undefined;
  const push = (call: InputCall) => {
    queue.push(call);
    if (queue.length >= mostQueued) stdin.pause();
    wake();
  };
  const size = () => ({ rows: stdout.rows ?? defaultRows, columns: stdout.columns ?? 80 });
  const onResize = () => push(controlCall({ type: control.TTY_INFO, ttyInfo: { windowSize: size() } }));
  const beat = () => {
    push(heartbeat());
    timer = clock.after(heartbeatMs, beat, { background: true });
  };
  let timer = clock.after(heartbeatMs, beat, { background: true });

  async function* records(containerId: NestedId): AsyncGenerator<InputCall> {
    yield attachCall({ type: inputType.CONTAINER_ID, containerId });
    stdin.on('data', (data: Buffer) => push(dataCall(data)));
    // Nothing stands for the end.
    stdin.once('end', () => push(dataCall(new Uint8Array())));
    if (isTerminal) stdin.setRawMode(true);
    for (;;) {
      const next = queue.shift();
      if (next !== undefined) {
        yield next;
        continue;
      }
      stdin.resume();
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  if (tty) stdout.on('resize', onResize);
  return {
    size,
    attach: (agent, containerId) => agent.input(records(containerId)),
    async [Symbol.asyncDispose]() {
      timer.cancel();
      stdout.off('resize', onResize);
      if (isTerminal) stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
