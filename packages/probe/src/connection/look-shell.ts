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

/** Tens of thousands of sockets on a busy host take seconds. */
const lookTimeoutMs = 15_000;
const endOfLook = '#end';
/** Sockets of one namespace that are read; the others are not seen by looks. */
const socketLimit = 65_536;

export interface Look {
  /** A process of the network namespace; undefined for the probe's own. */
  readonly pid: number | undefined;
  /** With the bytes that went over each socket; twice as much to read. */
  readonly withBytes: boolean;
  readonly socket: (socket: SeenSocket) => void;
}

interface LookUnderWay {
  readonly look: Look;
  seen: number;
  readonly settle: (error?: ProbeError) => void;
}

export interface LookShell {
  /**
   * Shows the sockets of a network namespace one by one, since there may be very many; one that has just gone has none. One call
   * of sock_diag is a third of the cost of `/proc/<pid>/net/tcp` and `tcp6`.
   *
   * @returns how many there are; `isComplete` is false if these are more than are read
   * @throws ProbeError `unavailable` when the shell has ended, `timeout`, `overflow` while another look is under way
   */
  look(look: Look): Promise<{ readonly sockets: number; readonly isComplete: boolean }>;
  stop(): void;
}

type Shell = ChildProcessByStdio<Writable, Readable, null>;

export function createLookShell({ clock, procRoot }: { clock: Clock; procRoot: string }): LookShell {
  let shell: Shell | undefined;
  let underWay: LookUnderWay | undefined;

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
      else if (underWay !== undefined && underWay.seen++ < socketLimit) {
        const socket = parseSocket(line);
        if (socket !== undefined) underWay.look.socket(socket);
      }
    });
    return started;
  };

  return {
    look(look) {
      if (underWay !== undefined) {
        return Promise.reject(
          new ProbeError('a look at sockets is under way', { code: 'overflow', retryable: true }),
        );
      }
      shell ??= start();
      const { stdin } = shell;
      const { pid, withBytes } = look;
      const within = pid === undefined ? '' : `nsenter --net='${procRoot}/${pid}/ns/net' `;
      return new Promise((resolve, reject) => {
        const timer = clock.after(lookTimeoutMs, () =>
          end(new ProbeError(`a look at sockets took more than ${lookTimeoutMs} ms`, { code: 'timeout' })),
        );
        const started: LookUnderWay = {
          look,
          seen: 0,
          settle(error) {
            timer.cancel();
            underWay = undefined;
            const { seen: sockets } = started;
            if (error === undefined) resolve({ sockets, isComplete: sockets <= socketLimit });
            else reject(error);
          },
        };
        underWay = started;
        stdin.write(`${within}ss -H -O -tunae${withBytes ? 'i' : ''}; echo '${endOfLook}'\n`);
      });
    },
    stop() {
      end(new ProbeError('the probe stops', { code: 'closed' }));
    },
  };
}
