/**
 * Looks at sockets by way of one small shell that stays: to start a program from a Node.js process takes 8 ms of its event loop,
 * from a shell less than one.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '@orchestrator/runtime/clock';
import { ProbeError } from '../errors.ts';
import { parseSocket, type SeenSocket } from './sockets.ts';

const lookTimeoutMs = 5_000;
const endOfLook = '#end';
/** Sockets of one namespace that are read; the others are not seen by looks. */
const socketLimit = 50_000;

interface Look {
  readonly sockets: SeenSocket[];
  readonly settle: (error?: ProbeError) => void;
}

export interface LookShell {
  /**
   * Sockets of the network namespace of a process, or of the probe's own; a namespace that has just gone has none. One call of
   * sock_diag is a third of the cost of `/proc/<pid>/net/tcp` and `tcp6`.
   *
   * @throws ProbeError `unavailable` when the shell has ended, `timeout`, `overflow` while another look is under way
   */
  look(pid: number | undefined): Promise<SeenSocket[]>;
  stop(): void;
}

type Shell = ChildProcessByStdio<Writable, Readable, null>;

export function createLookShell({ clock, procRoot }: { clock: Clock; procRoot: string }): LookShell {
  let shell: Shell | undefined;
  let underWay: Look | undefined;

  const end = (error: ProbeError) => {
    shell?.kill('SIGKILL');
    shell = undefined;
    underWay?.settle(error);
  };

  const start = (): Shell => {
    const started = spawn('sh', ['-s'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const lost = (cause?: unknown) => {
      if (shell === started)
        end(
          new ProbeError('the shell that looks at sockets has ended', {
            code: 'unavailable',
            retryable: true,
            cause,
          }),
        );
    };
    started.once('error', lost);
    started.once('close', () => lost());
    // A shell that has ended takes no commands; `close` tells.
    started.stdin.on('error', lost);
    createInterface({ input: started.stdout }).on('line', (line) => {
      if (line === endOfLook) underWay?.settle();
      else if (underWay !== undefined && underWay.sockets.length < socketLimit) {
        const socket = parseSocket(line);
        if (socket !== undefined) underWay.sockets.push(socket);
      }
    });
    return started;
  };

  return {
    look(pid) {
      if (underWay !== undefined) {
        return Promise.reject(
          new ProbeError('a look at sockets is under way', { code: 'overflow', retryable: true }),
        );
      }
      shell ??= start();
      const { stdin } = shell;
      const within = pid === undefined ? '' : `nsenter --net='${procRoot}/${pid}/ns/net' `;
      return new Promise((resolve, reject) => {
        const sockets: SeenSocket[] = [];
        const timer = clock.after(lookTimeoutMs, () =>
          end(new ProbeError(`a look at sockets took more than ${lookTimeoutMs} ms`, { code: 'timeout' })),
        );
        underWay = {
          sockets,
          settle(error) {
            timer.cancel();
            underWay = undefined;
            if (error === undefined) resolve(sockets);
            else reject(error);
          },
        };
        stdin.write(`${within}ss -H -O -tunaei; echo '${endOfLook}'\n`);
      });
    },
    stop() {
      end(new ProbeError('the probe stops', { code: 'closed' }));
    },
  };
}
