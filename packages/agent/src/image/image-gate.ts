/**
 * Asks a program of the operator, such as a scanner for known weaknesses, whether containers of an image may run: exit code 0
 * says yes, any other no, and its last line why. It is run as `PROGRAM NAME ID [ROOT]`, where ROOT is the folder of its file
 * system, of native containers only.
 */
import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import { runProgram } from '../container/run-program.ts';
import { AgentError, reasonOf } from '../errors.ts';

export interface CheckedImage {
  /** As it was asked for. */
  name: string;
  /** Hash of its configuration. */
  id: string;
  rootfs?: string;
}

export interface ImageGate {
  /** @throws AgentError `ImageRefused` */
  admit(image: CheckedImage): Promise<void>;
}

const verdictTimeoutMs = 10 * 60_000;
/** What was fine yesterday may be known to be weak today. */
const verdictKeptMs = 60 * 60_000;
const mostVerdicts = 1_000;

interface Verdict {
  atMs: number;
  given: Promise<void>;
}

async function ask(program: string, { name, id, rootfs }: CheckedImage): Promise<void> {
  const words = [name, id, ...(rootfs === undefined ? [] : [rootfs])];
  await runProgram(program, words, { timeoutMs: verdictTimeoutMs }).catch((cause: unknown) => {
    const said = reasonOf(cause).trim().split('\n').at(-1);
    throw new AgentError('ImageRefused', `image ${name} may not run here: ${said}`, { cause });
  });
}

/** Each image is looked at once an hour. Without the program nothing may run: a protection is not left out in silence. */
export function createImageGate(program: string, clock: Clock = systemClock): ImageGate {
  const verdicts = new Map<string, Verdict>();
  return {
    async admit(image) {
      const known = verdicts.get(image.id);
      if (known !== undefined && clock.monotonicMs() - known.atMs < verdictKeptMs) return await known.given;
      const verdict = { atMs: clock.monotonicMs(), given: ask(program, image) };
      verdicts.delete(image.id);
      verdicts.set(image.id, verdict);
      const [oldest] = verdicts.keys();
      if (verdicts.size > mostVerdicts && oldest !== undefined) verdicts.delete(oldest);
      // Who could not be asked, or said no, is asked again.
      verdict.given.catch(() => verdicts.delete(image.id));
      await verdict.given;
    },
  };
}
