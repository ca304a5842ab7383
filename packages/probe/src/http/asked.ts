import type { Logger } from '@orchestrator/runtime';
import type { JsonClient } from './json-client.ts';

/** Answers longer than this are not kept to be compared with the next. */
const longestKept = 256 * 1024;

/** Something that another server is asked for again and again, of which only news is of interest. */
export interface Asked<Value> {
  /**
   * Undefined if the answer is the same as before.
   *
   * @throws ProbeError as `JsonClient.text`
   */
  news(): Promise<Value | undefined>;
  /** The next answer counts as news, whatever it is. */
  forget(): void;
}

export function asked<Value>(
  client: JsonClient,
  path: string,
  parse: (json: unknown) => Value,
): Asked<Value> {
  let last: string | undefined;
  return {
    async news() {
      const text = await client.text(path);
      if (text === last) return undefined;
      const value = parse(JSON.parse(text));
      last = text.length <= longestKept ? text : undefined;
      return value;
    },
    forget() {
      last = undefined;
    },
  };
}

/** Logs each reason for a failure once, until something has worked again. */
export function onceLogged(logger: Logger, message: string) {
  let said = '';
  return {
    worked(): void {
      said = '';
    },
    failed(error: unknown): void {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== said) logger.warn(message, { error });
      said = reason;
    },
  };
}
