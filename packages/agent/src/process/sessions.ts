/**
 * The processes of this machine by their session. One look serves all who ask while it is on its way or waits: a hundred
 * tasks that are ended at once do not look a hundred times, nor open every file of `/proc` at once.
 */
import { readdir } from 'node:fs/promises';
import { statFields } from '../container/process-identity.ts';
import { readIfThere } from '../container/read-if-there.ts';

export interface SessionProcess {
  pid: number;
  /** Of `/proc/PID/stat`, from the third on. */
  fields: readonly string[];
}

/** Files open at a time. */
const width = 64;
/** The third field is the state, then parent, group and session. */
const sessionField = 3;

async function look(): Promise<Map<number, SessionProcess[]>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const sessions = new Map<number, SessionProcess[]>();
  for (let at = 0; at < pids.length; at += width) {
    const some = pids.slice(at, at + width);
    const stats = await Promise.all(some.map((pid) => readIfThere(`/proc/${pid}/stat`)));
    for (const [index, stat] of stats.entries()) {
      if (stat === undefined) continue;
      const fields = statFields(stat);
      if (fields[0] === 'Z') continue;
      const session = Number(fields[sessionField]);
      const known = sessions.get(session) ?? [];
      known.push({ pid: Number(some[index]), fields });
      sessions.set(session, known);
    }
  }
  return sessions;
}

export class Sessions {
  #looking: Promise<unknown> = Promise.resolve();
  #next: Promise<Map<number, SessionProcess[]>> | undefined;

  /** What is there at a time after the call. */
  async processesOf(session: number): Promise<readonly SessionProcess[]> {
    this.#next ??= this.#looking.then(() => {
      const found = look();
      this.#next = undefined;
      this.#looking = found.catch(() => undefined); // told to those who asked for it
      return found;
    });
    return (await this.#next).get(session) ?? [];
  }
}
