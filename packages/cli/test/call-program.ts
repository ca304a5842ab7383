import { systemClock } from '@orchestrator/runtime';
import type { CommandContext } from '../src/program/context.ts';
import { runProgram } from '../src/program/run.ts';
import { createStyle } from '../src/terminal/style.ts';

export interface CallResult {
  readonly exitCode: number;
  readonly out: string;
  /** Beside the result: on standard error. */
  readonly said: string;
}

/** Calls a program as a shell would, in this process and without a terminal. */
export async function callProgram(
  createProgram: Parameters<typeof runProgram>[0],
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<CallResult> {
  const out: string[] = [];
  const said: string[] = [];
  const context: CommandContext = {
    terminal: {
      out: (text) => void out.push(text),
      say: (text) => void said.push(text),
      writeRaw: (text) => void out.push(text),
      writeBytes: (data) => void out.push(Buffer.from(data).toString()),
      interactive: false,
      columns: () => 100,
      style: createStyle(false),
      sayStyle: createStyle(false),
    },
    env,
    clock: systemClock,
    signal: new AbortController().signal,
    userId: 0,
    setExitCode: () => undefined,
  };
  const exitCode = await runProgram(createProgram, args, context);
  return { exitCode, out: out.join('\n'), said: said.join('\n') };
}
