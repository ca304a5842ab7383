/** A scenario from a seed alone, and one played from its beginning to its verdict. */
import { seededRandom } from '@orchestrator/runtime';
import type { ConflictStrategy } from '@orchestrator/sync';
import type { FaultKind } from './faults.ts';
import type { RunHistory } from './history.ts';
import { invariants } from './invariants.ts';
import { type Scenario, type Trace, World } from './world.ts';

const strategies: readonly ConflictStrategy[] = ['last-write-wins', 'source-wins', 'manual'];

/** More than clients of a world make below one parent. */
const sequenceGap = 400;

/** Changes of a scenario: the first copy into a target that runs, */
export const firstCopy: Partial<Scenario> = { initialCopy: true, preloaded: 12 };
/** and the source has given out names that its counters remember. */
export const namesGiven: Partial<Scenario> = { sequential: true, sequenceGap, preloadedNames: 250 };

export function scenarioOf(seed: number): Scenario {
  const random = seededRandom(seed * 2 + 1);
  const chance = (share: number) => random.fraction() < share;
  const strategy = strategies[random.below(3)] ?? 'last-write-wins';
  const scenario: Scenario = {
    seed,
    strategy,
    engines: 1 + random.below(2),
    clientsPerSide: 1 + random.below(3),
    activeMs: 300 + random.below(2000),
    largestPauseMs: chance(0.5) ? 20 : 120,
    faultEveryMs: chance(0.2) ? 0 : 50 + random.below(500),
    history: { source: true, target: true },
    historyLossRate: chance(0.25) ? 0.5 : 0,
    decisionCrashRate: chance(0.3) ? 0.3 : 0,
    mostMirrorSessions: chance(0.3) ? 1 : 100,
    closeSessionSaysPaths: chance(0.6),
    sequential: false,
    electionGroups: [],
    sequenceGap: 0,
    preloaded: chance(0.5) ? random.below(12) : 0,
    preloadedNames: 0,
    initialCopy: false,
    operator: strategy === 'manual',
  };
  // Drawn last: the worlds without are what they were before there were any with.
  return chance(0.4) ? { ...scenario, sequential: true, sequenceGap } : scenario;
}

export interface Verdict {
  readonly scenario: Scenario;
  readonly problems: readonly string[];
  readonly conflicts: number;
  readonly txns: number;
  readonly faults: Readonly<Record<FaultKind, number>>;
}

export function playSeed(seed: number, trace?: Trace, change?: Partial<Scenario>): Verdict {
  const world = new World({ ...scenarioOf(seed), ...change }, trace);
  const problems: string[] = [];
  try {
    if (!world.play()) problems.push(`does not come to rest: ${world.describeUnrest()}`);
  } catch (error) {
    problems.push(`threw ${error instanceof Error ? error.stack : String(error)}`);
  }
  if (problems.length === 0) {
    const history = historyOf(world);
    for (const [name, check] of Object.entries(invariants)) {
      for (const problem of check(history)) problems.push(`${name}: ${problem}`);
    }
  }
  const { source, target } = world.ensembles;
  return {
    scenario: world.scenario,
    problems,
    conflicts: world.store.conflicts.size,
    txns: source.log.length + target.log.length,
    faults: world.faults,
  };
}

/** What the invariants look at, once `world` has been played. */
export function historyOf(world: World): RunHistory {
  const { store, scenario } = world;
  const side = (name: 'source' | 'target') => {
    const { log, tree, expired, unconditional } = world.ensembles[name];
    const clients = world.clients[name];
    return {
      log,
      tree,
      expired,
      unconditional,
      clientSessions: clients.everySession,
      isLive: (session: bigint) => world.ensembles[name].isLive(session),
      named: clients.named,
    };
  };
  return {
    sides: { source: side('source'), target: side('target') },
    conflicts: [...store.conflicts.values()],
    held: new Set(store.held.keys()),
    ledger: store.ledger,
    mirrorSessions: store.mirrorSessions,
    electionGroups: scenario.electionGroups,
    isGuarded: scenario.sequenceGap > 0,
    areAclsCounted: scenario.faultEveryMs === 0 && scenario.decisionCrashRate === 0 && !scenario.initialCopy,
    // A first copy makes what clients of the target have made too with its final ACL, and cannot lower versions.
    isExact:
      scenario.historyLossRate === 0 &&
      scenario.history.source &&
      scenario.history.target &&
      scenario.preloadedNames === 0,
  };
}
