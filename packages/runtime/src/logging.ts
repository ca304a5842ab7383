import { pino } from 'pino';
import pretty from 'pino-pretty';
import type { LogFields, Logger } from './logger.ts';
import { redactSecrets } from './secrets.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LoggerOptions {
  /** The program; the field `name` of every line. */
  name: string;
  /** Default `info`. */
  level?: LogLevel;
  /** Default standard error, so that standard output stays free for results. */
  stream?: NodeJS.WritableStream & { isTTY?: boolean };
  /** `json`: one object a line. `pretty`: for eyes. Default: `pretty` on a terminal. */
  format?: 'json' | 'pretty';
}

const deepestCause = 5;

/** An error as a log field: never the object itself, whose own properties might hold a secret. */
function errorFields(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const { code, retryable, remedy } = error as Error & {
    code?: unknown;
    retryable?: unknown;
    remedy?: unknown;
  };
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(retryable === undefined ? {} : { retryable }),
    ...(remedy === undefined ? {} : { remedy }),
    ...(error.cause === undefined || depth >= deepestCause
      ? {}
      : { cause: errorFields(error.cause, depth + 1) }),
    stack: error.stack,
  };
}

function toFields(fields: LogFields): object {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) plain[name] = errorFields(value);
  return redactSecrets(plain) as object;
}

function wrap(target: pino.Logger): Logger {
  return {
    debug: (message, fields) => write(target, 'debug', message, fields),
    info: (message, fields) => write(target, 'info', message, fields),
    warn: (message, fields) => write(target, 'warn', message, fields),
    error: (message, fields) => write(target, 'error', message, fields),
    child: (fields) => wrap(target.child(toFields(fields))),
  };
}

function write(
  target: pino.Logger,
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields: LogFields = {},
): void {
  if (target.isLevelEnabled(level)) target[level](toFields(fields), message);
}

/** One JSON object a line (`time`, `level`, `name`, `pid`, `msg`, fields), or readable lines on a terminal; secrets masked by name. */
export function createLogger(options: LoggerOptions): Logger {
  const { name, level = 'info', stream = process.stderr } = options;
  const format = options.format ?? (stream.isTTY === true ? 'pretty' : 'json');
  const destination =
    format === 'pretty'
      ? pretty({ destination: stream, colorize: stream.isTTY === true, ignore: 'pid', sync: true })
      : stream;
  return wrap(
    pino(
      {
        name,
        level,
        base: { pid: process.pid },
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      destination,
    ),
  );
}
