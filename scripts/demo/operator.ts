/** The person at the keyboard: types commands and reads what they print. */
import { type ProgramOptions, type RunningCommand, startCommand } from './commands.ts';
import type { Stage } from './stage.ts';

/** What `zk-migrate status --watch --json` prints per line, as far as it is used here. */
export interface StatusLine {
  readonly id: string;
  readonly status: string;
  readonly phase: number;
  readonly live: {
    readonly sync: {
      readonly state: string;
      readonly directions: readonly {
        readonly from: string;
        readonly lag_p50_ms: number | null;
        readonly lag_p99_ms: number | null;
      }[];
    } | null;
  } | null;
}

export interface Operator {
  /** Runs to its end and shows what it prints. @throws Error when it ends otherwise than with 0 */
  type(...args: readonly string[]): Promise<void>;
  /** The same, and its result as an object. */
  ask<T>(...args: readonly string[]): Promise<T>;
  /** The lines of its result; nothing of it is shown. */
  read(...args: readonly string[]): Promise<readonly string[]>;
  /** Goes on in the background; what it prints is shown while `shown` holds. */
  leaveRunning(shown: () => boolean, ...args: readonly string[]): RunningCommand;
  /** Not shown: follows the status until stopped. */
  follow(onStatus: (status: StatusLine) => void, ...args: readonly string[]): RunningCommand;
}

export interface OperatorOptions extends ProgramOptions {
  readonly stage: Stage;
  readonly colour: boolean;
  readonly signal: AbortSignal;
}

export function createOperator({ stage, program, env, colour, signal }: OperatorOptions): Operator {
  const running = (command: RunningCommand): RunningCommand => {
    const stop = () => void command.stop();
    signal.addEventListener('abort', stop, { once: true });
    void command.ended.then(() => signal.removeEventListener('abort', stop));
    return command;
  };
  const expectDone = async (command: RunningCommand, args: readonly string[]): Promise<void> => {
    const code = await running(command).ended;
    signal.throwIfAborted();
    if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with exit code ${code}`);
  };
  return {
    async type(...args) {
      stage.command(`${program} ${args.join(' ')}`);
      await expectDone(startCommand({ args, program, env, colour, onLine: stage.output }), args);
    },
    async ask(...args) {
      stage.command(`${program} ${args.join(' ')}`);
      const lines: string[] = [];
      const command = startCommand({
        ...{ args, program, env, colour },
        onLine: (line) => lines.push(line),
        onRemark: stage.output,
      });
      await expectDone(command, args);
      return JSON.parse(lines.join('\n'));
    },
    async read(...args) {
      const lines: string[] = [];
      const onLine = (line: string) => void lines.push(line);
      await expectDone(startCommand({ args, program, env, colour, onLine, onRemark: stage.output }), args);
      return lines;
    },
    leaveRunning(shown, ...args) {
      stage.command(`${program} ${args.join(' ')}`);
      const onLine = (line: string) => {
        if (shown()) stage.output(line);
      };
      return running(startCommand({ args, program, env, colour, onLine }));
    },
    follow(onStatus, ...args) {
      const onLine = (line: string) => onStatus(JSON.parse(line));
      return running(startCommand({ args, program, env, colour, onLine, onRemark: () => undefined }));
    },
  };
}
