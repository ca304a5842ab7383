/** Terminals and logs that are open. They are named in this tab's storage, so a reload finds them again. */
import { useSyncExternalStore } from 'react';
import { z } from 'zod';
import type { ControlAnswer } from '../model/acts.ts';
import type { Control } from '../model/schema.ts';

const session = z.object({
  pipe: z.string(),
  title: z.string(),
  probeId: z.string(),
  nodeId: z.string(),
  /** Keys go to the other end as they are typed. */
  isTerminal: z.boolean(),
  /** Control that is told the size of the terminal. */
  resizeControl: z.string().optional(),
});

export type Session = z.output<typeof session>;

const storageKey = 'orchestrator.sessions';
/** More than anybody keeps an eye on; the oldest is let go, and ends by itself. */
const maxSessions = 12;
const listeners = new Set<() => void>();

function stored(): readonly Session[] {
  try {
    const parsed = z.array(session).safeParse(JSON.parse(sessionStorage.getItem(storageKey) ?? '[]'));
    return parsed.success ? parsed.data : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

let sessions = stored();
/** Those of before a reload: nobody has just asked for them. */
const restored: ReadonlySet<string> = new Set(sessions.map(({ pipe }) => pipe));
export const isRestored = (pipe: string): boolean => restored.has(pipe);

function keep(next: readonly Session[]): void {
  sessions = next;
  sessionStorage.setItem(storageKey, JSON.stringify(next));
  for (const listener of listeners) listener();
}

/** Shows what a control has opened; does nothing if it opened nothing. */
export function openSession(control: Control, nodeLabel: string, answer: ControlAnswer): void {
  if (answer.pipe === undefined) return;
  const opened: Session = {
    pipe: answer.pipe,
    title: `${nodeLabel}: ${control.human}`,
    ...{ probeId: control.probeId, nodeId: control.nodeId, isTerminal: answer.raw_tty === true },
    ...(answer.resize_tty_control === undefined ? {} : { resizeControl: answer.resize_tty_control }),
  };
  keep([...sessions, opened].slice(-maxSessions));
}

export const closeSession = (pipe: string): void => keep(sessions.filter((each) => each.pipe !== pipe));

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useSessions = (): readonly Session[] => useSyncExternalStore(subscribe, () => sessions);
