import type { LogFields, Logger } from '@orchestrator/runtime';
import type { Clock } from '@orchestrator/runtime/clock';
import { redactSecrets } from '@orchestrator/runtime/secrets';

const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof levels)[number];

export interface LineLoggerOptions {
  readonly name: string;
  readonly level: LogLevel;
  readonly clock: Clock;
  readonly write: (line: string) => void;
}

function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const [code, remedy]: unknown[] = [Reflect.get(error, 'code'), Reflect.get(error, 'remedy')];
  return {
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(remedy === undefined ? {} : { remedy }),
    ...(error.cause === undefined ? {} : { cause: errorFields(error.cause) }),
  };
}

/**
 * The lines of `createLogger` of the runtime - `time`, `level`, `name`, `pid`, `msg`, fields; secrets masked by name - without
 * its library, which takes a tenth of all the memory that a probe may have.
 */
export function createLineLogger(options: LineLoggerOptions, fixed: LogFields = {}): Logger {
  const { name, level: least, clock, write } = options;
  const say =
    (level: LogLevel) =>
    (msg: string, fields: LogFields = {}): void => {
      if (levels.indexOf(level) < levels.indexOf(least)) return;
      const shown = Object.entries(fields).map(([key, value]) => [key, errorFields(value)]);
      const time = new Date(clock.nowMs()).toISOString();
      const line = { time, level, name, pid: process.pid, ...fixed, ...Object.fromEntries(shown), msg };
      write(`${JSON.stringify(redactSecrets(line))}\n`);
    };
  return {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    child: (fields) => createLineLogger(options, { ...fixed, ...fields }),
  };
}
