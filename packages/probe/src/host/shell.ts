/** A shell on the host, for those whom the apps let. Off unless the probe was told otherwise. */
import { type ChildProcess, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import type { ControlCall, ControlResult } from '../control/desk.ts';
import { terminalSize } from '../control/terminal-size.ts';
import { ProbeError } from '../errors.ts';
import { readKernelFile, readLink } from '../procfs/read.ts';
import type { Source, SourceContext } from '../source.ts';
import { hostNodeId } from './facts.ts';

/** Shells open at once on this host. */
const shellLimit = 10;

/** Gives what it runs a terminal; of util-linux. */
const terminalProgram = 'script';

/** Nothing of the probe's own environment, in which its secrets may be. */
const environment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  TERM: 'xterm',
};

/** The best shell that is there, and an environment of its own. */
const command = 'TERM=xterm; export TERM; [ -x /bin/bash ] && exec /bin/bash -l; exec /bin/sh -l';

export function hostShellSource(): Source {
  return {
    name: 'host shell',
    start(context) {
      const { board, controls, host } = context;
      const shells = new Map<string, ChildProcess>();
      board.templates('host', [
        {
          kind: 'control',
          id: 'host_exec',
          human: 'Shell on the host',
          icon: 'fa fa-terminal',
          rank: 1,
          confirmation: '',
          inputs: [],
        },
      ]);
      board.see('host', hostNodeId(host), { latest: {}, controls: ['host_exec'] });
      const withdrawals = [
        controls.register('host_exec', async (call) => open(context, shells, call)),
        controls.register('host_resize_tty', (call) => resize(shells, call)),
      ];
      return () => {
        for (const withdraw of withdrawals) withdraw();
        for (const shell of shells.values()) shell.kill('SIGHUP');
      };
    },
  };
}

/** `script` gives the shell a terminal; in a container, `nsenter` brings it to the host. */
function open(
  { host }: SourceContext,
  shells: Map<string, ChildProcess>,
  { nodeId }: ControlCall,
): ControlResult {
  if (nodeId !== hostNodeId(host))
    throw new ProbeError(`"${nodeId}" is not the node of this host`, { code: 'invalid' });
  if (shells.size >= shellLimit)
    throw new ProbeError(`${shellLimit} shells are open on this host already`, {
      code: 'limit',
      remedy: 'close one',
    });
  const [own, theirs] = [readLink('/proc/self/ns/mnt'), readLink(`${host.procRoot}/1/ns/mnt`)];
  const isContained = theirs !== undefined && own !== theirs;
  const within = !isContained ? '' : `nsenter --target 1 --mount --uts --ipc --net --pid -- `;
  const shell = spawn(
    terminalProgram,
    ['-q', '-f', '-E', 'always', '-c', `${within}/bin/sh -c '${command}'`, '/dev/null'],
    {
      cwd: '/',
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  const pipe = Duplex.from({ readable: shell.stdout, writable: shell.stdin });
  shell.once('error', (error) => pipe.destroy(error));
  pipe.once('close', () => shell.kill('SIGHUP'));
  return {
    pipe,
    rawTty: true,
    resizeTtyControl: 'host_resize_tty',
    named(pipeId) {
      shells.set(pipeId, shell);
      pipe.once('close', () => shells.delete(pipeId));
    },
  };
}

/** The terminal is that of the program which `script` has started. */
async function resize(shells: Map<string, ChildProcess>, call: ControlCall): Promise<ControlResult> {
  const pid = shells.get(call.arguments.pipeID ?? '')?.pid;
  const child = pid === undefined ? '' : (readKernelFile(`/proc/${pid}/task/${pid}/children`) ?? '');
  const terminal = child === '' ? undefined : readLink(`/proc/${Number.parseInt(child, 10)}/fd/0`);
  if (terminal === undefined)
    throw new ProbeError(`no terminal has the pipe "${call.arguments.pipeID}"`, { code: 'not-found' });
  const { width, height } = terminalSize(call);
  const stty = spawn('stty', ['-F', terminal, 'cols', String(width), 'rows', String(height)], {
    stdio: 'ignore',
  });
  await new Promise<void>((resolve, reject) => {
    stty.once('error', reject);
    stty.once('close', () => resolve());
  });
  return {};
}
