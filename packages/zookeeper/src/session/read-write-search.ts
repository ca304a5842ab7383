import type { Clock } from '@orchestrator/runtime/clock';
import type { Endpoint, OpenTransport } from './transport.ts';

/** The four-letter command; servers with `readonlymode.enabled` answer it without further configuration. */
const question = Buffer.from('isro');
const longestAnswerBytes = 64;

/** Asks a server whether it takes writes. False also when it does not answer within `timeoutMs`. */
export function takesWrites(
  endpoint: Endpoint,
  options: { transport: OpenTransport; clock: Clock; connectTimeoutMs: number },
): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = '';
    const transport = options.transport(endpoint, {
      onOpen: () => transport.write(question),
      onData(chunk) {
        answer += chunk.toString('latin1');
        if (answer.length >= 'rw'.length || answer.length > longestAnswerBytes) transport.destroy();
      },
      onDrain: () => undefined,
      onClose() {
        timer.cancel();
        resolve(answer.startsWith('rw'));
      },
    });
    const timer = options.clock.after(options.connectTimeoutMs, () => transport.destroy());
  });
}
