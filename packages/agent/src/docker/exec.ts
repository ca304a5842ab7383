/** A further process in a container of the Engine. */
import { type Duplex, PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import { killTree, signalIfThere } from '../container/process-tree.ts';
import type { ExecOptions, ExecSession, WindowSize } from '../container/runtime.ts';
import { AgentError } from '../errors.ts';
import { engineError } from './engine-errors.ts';

/** @throws AgentError `LaunchFailed`, `RuntimeUnavailable` */
export async function execInContainer(
  docker: Docker,
  container: Docker.Container,
  { argv, environment = {}, user, tty = false, windowSize, signal }: ExecOptions,
): Promise<ExecSession> {
  const what = `running ${argv[0] ?? 'nothing'} in container ${container.id}`;
  try {
    const exec = await container.exec({
      Cmd: [...argv],
      Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      ...(user !== undefined && { User: user }),
      ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: tty },
    });
    const stream = (await exec.start({ hijack: true, stdin: true, Tty: tty })) as Duplex;
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    if (tty) stream.pipe(stdout);
    else docker.modem.demuxStream(stream, stdout, stderr);
    const resize = async ({ rows, columns }: WindowSize) => {
      if (tty) await exec.resize({ h: rows, w: columns });
    };
    // The Engine takes a size only of what runs.
    if (windowSize !== undefined) await resize(windowSize).catch(ignoreGone);
    const exit = exitOf(exec, stream, [stdout, stderr], signal);
    return { stdin: stream, stdout, stderr, exit, resize, kill: (number) => killExec(exec, number) };
  } catch (error) {
    throw engineError(error, 'LaunchFailed', what);
  }
}

/** The Engine has no call for it; its process is one of this machine. */
async function killExec(exec: Docker.Exec, signal: number): Promise<void> {
  const { Running, Pid } = await exec.inspect();
  if (Running && Pid > 0) signalIfThere(Pid, signal);
}

/** The container, and the command with it. */
const ignoreGone = () => undefined;

async function exitOf(
  exec: Docker.Exec,
  stream: Duplex,
  outputs: readonly PassThrough[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const abort = () => {
    stream.destroy(new AgentError('Killed', 'the command was given up'));
    // The Engine has no call for it; its process is one of this machine.
    exec.inspect().then(({ Running, Pid }) => (Running && Pid > 0 ? killTree(Pid) : undefined), ignoreGone);
  };
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted === true) abort();
  try {
    await finished(stream, { writable: false });
    const { ExitCode } = await exec.inspect();
    return ExitCode ?? -1;
  } finally {
    signal?.removeEventListener('abort', abort);
    for (const output of outputs) output.end();
  }
}
