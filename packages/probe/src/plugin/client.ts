/** Speaks to a plugin: HTTP over the unix socket it listens on, as Scope does. */
import { ProbeError } from '../errors.ts';
import { request } from '../node-http.ts';

/** A plugin that takes longer is ill; it must not hold up what others see. */
export const answerTimeoutMs = 500;
/** A control may take longer: somebody waits for it. */
export const controlTimeoutMs = 10_000;
export const answerLimitBytes = 8 * 2 ** 20;

export interface PluginCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
  readonly timeoutMs: number;
}

/**
 * The JSON that a plugin answers with.
 *
 * @throws ProbeError `timeout`, `limit`, `invalid` for what is no JSON, `unavailable` for all else
 */
export function callPlugin(socketPath: string, call: PluginCall): Promise<unknown> {
  const { method, path, body, timeoutMs } = call;
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      const late = signal.aborted;
      const message = late ? `the plugin did not answer within ${timeoutMs} ms` : error.message;
      const code = late ? 'timeout' : 'unavailable';
      reject(
        error instanceof ProbeError
          ? error
          : new ProbeError(message, { code, retryable: true, cause: error }),
      );
    };
    const headers =
      bytes === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(bytes.length) };
    const sent = request({ socketPath, method, path, headers, signal, agent: false }, (answer) => {
      readJson(answer, answer.statusCode ?? 0).then(resolve, (error) => {
        answer.destroy();
        fail(error);
      });
    });
    sent.once('error', fail);
    sent.end(bytes);
  });
}

async function readJson(answer: AsyncIterable<Buffer>, status: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    length += chunk.length;
    if (length > answerLimitBytes) {
      throw new ProbeError(`the plugin's answer is larger than ${answerLimitBytes} bytes`, { code: 'limit' });
    }
    chunks.push(chunk);
  }
  if (status >= 300) throw new ProbeError(`the plugin answered with ${status}`, { code: 'unavailable' });
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new ProbeError('the plugin did not answer with JSON', { code: 'invalid', cause });
  }
}
