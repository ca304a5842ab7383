/** Mirror sessions: which session of ours stands for which client of the other side. */
import type { SideContext } from './context.ts';
import type { MirrorSession } from './types.ts';

export function addMirrorSession(
  here: SideContext,
  session: Pick<MirrorSession, 'originSession' | 'mirrorSession'>,
): void {
  here.originOf.set(session.mirrorSession, session.originSession);
  here.mirrorOf.set(session.originSession, session.mirrorSession);
}

/** Only once its end is in the stream, so that a late transaction of it is still known as ours. */
export function forgetMirrorSession(here: SideContext, mirrorSession: bigint): void {
  const origin = here.originOf.get(mirrorSession);
  if (origin === undefined) return;
  here.originOf.delete(mirrorSession);
  if (here.mirrorOf.get(origin) === mirrorSession) here.mirrorOf.delete(origin);
}

/** Where the capture does not tell of sessions, one without ephemerals is as good as gone. */
export function isSessionGone(here: SideContext, session: bigint): boolean {
  if (here.mirror.ephemeralsOf(session).length > 0) return false;
  if (!here.traits.hasHistory) return true;
  for (const { id } of here.mirror.sessions()) if (id === session) return false;
  return true;
}
