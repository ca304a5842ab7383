import type { Clock } from '@orchestrator/runtime';
import type { Terminal } from '../terminal/terminal.ts';

/** What a command is given of its process, so that a test can give its own. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** Aborts on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  readonly userId: number;
  /** Sets what the process will end with; a command that only prints leaves it at 0. */
  setExitCode(code: number): void;
}
