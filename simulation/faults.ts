/** What goes wrong in a world while its clients are at work. */
import type { Random } from '@orchestrator/runtime';
import type { Side } from '@orchestrator/sync';
import type { Engine } from './engine.ts';
import type { Ensemble } from './model/ensemble.ts';
import type { ModelStore } from './model/store.ts';

/** How often each is chosen, as the share up to which the dice may fall. */
const shares = {
  /** A process is gone with all it knew; what it sent goes on its way. It is started again later. */
  crash: 0.2,
  /** All connections to one side break: requests and replies on their way may be lost, requests may arrive late. */
  cut: 0.55,
  /** A process stands still, lease and all, and later goes on as if nothing had been. */
  freeze: 0.65,
  /** A new epoch; every connection of the engines to that side breaks. */
  leaderChange: 0.75,
  /** A session that owns copies ends although its client lives. */
  mirrorExpiry: 0.85,
  /** The stream of one side comes late. */
  slowCapture: 1,
} as const;

export type FaultKind = keyof typeof shares;

export const faultKinds = Object.keys(shares) as readonly FaultKind[];

export interface FaultSite {
  readonly random: Random;
  readonly engines: readonly Engine[];
  readonly ensembles: Readonly<Record<Side, Ensemble>>;
  readonly store: ModelStore;
  readonly clock: Engine['options']['clock'];
  readonly trace: ((line: () => string) => void) | undefined;
}

/** Lets one fault happen; returns which, or `undefined` when there was nothing for it to break. */
export function injectFault(site: FaultSite): FaultKind | undefined {
  const { random, engines } = site;
  const engine = engines[random.below(engines.length)];
  const side = random.below(2) === 0 ? 'source' : 'target';
  const dice = random.fraction();
  const kind = faultKinds.find((each) => dice < shares[each]);
  if (kind === undefined || engine === undefined) return undefined;
  return breakThis(site, kind, engine, side) ? kind : undefined;
}

function breakThis(site: FaultSite, kind: FaultKind, engine: Engine, side: Side): boolean {
  const { random, clock } = site;
  const { run } = engine;
  switch (kind) {
    case 'crash':
      crash(site, engine, random.below(random.fraction() < 0.3 ? 2000 : 300));
      return true;
    case 'cut':
      run?.sides[side].cut(random.fraction() < 0.5 ? 1 : random.below(1200));
      return run !== undefined;
    case 'freeze':
      run?.freeze(random.below(900));
      return run !== undefined;
    case 'leaderChange':
      changeLeader(site, side);
      return true;
    case 'mirrorExpiry':
      return expireMirror(site);
    case 'slowCapture':
      if (run === undefined) return false;
      run.trace(() => `capture of the ${side} becomes slow`);
      run.sides[side].capture.slowUntilMs = clock.monotonicMs() + random.below(600);
      return true;
  }
}

export function crash({ clock, trace }: FaultSite, engine: Engine, forMs: number): void {
  trace?.(() => `fault: ${engine.options.name} crashes`);
  engine.crash();
  clock.after(forMs, () => engine.start());
}

function changeLeader({ ensembles, engines, random, trace }: FaultSite, side: Side): void {
  trace?.(() => `fault: ${side} changes its leader`);
  ensembles[side].changeLeader();
  for (const engine of engines) engine.run?.sides[side].cut(1 + random.below(60));
}

function expireMirror({ ensembles, random, store, trace }: FaultSite): boolean {
  const sessions = store.mirrorSessions;
  const session = sessions[random.below(sessions.length)];
  if (session === undefined) return false;
  trace?.(() => `fault: mirror session 0x${session.mirrorSession.toString(16)} expires`);
  ensembles[session.side].closeSession(session.mirrorSession);
  return true;
}
