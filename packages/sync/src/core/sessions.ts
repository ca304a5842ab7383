/** Mirror sessions: which session of ours stands for which client of the other side. */
import type { Context, SideContext } from './context.ts';
import type { MirrorSession, Side } from './types.ts';

export function addMirrorSession(
  here: SideContext,
  session: Pick<MirrorSession, 'originSession' | 'mirrorSession'>,
): void {
  here.mirrorSessions.add(session.mirrorSession);
  here.mirrorOf.set(session.originSession, session.mirrorSession);
}

/** Only once its end is in the stream, so that a late transaction of it is still known as ours. */
export function forgetMirrorSession(here: SideContext, mirrorSession: bigint): void {
  if (!here.mirrorSessions.delete(mirrorSession)) return;
  for (const [origin, mirror] of here.mirrorOf) if (mirror === mirrorSession) here.mirrorOf.delete(origin);
}

/** The client is gone and so are its copies. */
export function closeMirrorSession(ctx: Context, side: Side, originSession: bigint): void {
  ctx.sides[side].mirrorOf.delete(originSession);
  ctx.out.push({ kind: 'closeMirrorSession', side, originSession });
}

/** Where the capture does not tell of sessions, one without ephemerals is as good as gone. */
export function isSessionGone(here: SideContext, session: bigint): boolean {
  if (here.mirror.ephemeralsOf(session).length > 0) return false;
  if (!here.traits.hasHistory) return true;
  for (const { id } of here.mirror.sessions()) if (id === session) return false;
  return true;
}
