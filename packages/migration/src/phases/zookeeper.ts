/** The phases of an ensemble without Mesos on it: 1 and 6. Phases 2 to 5 belong to Mesos and stand between them. */
import type { PhaseSet } from '../coordinator/perform.ts';
import type { MigrationContext } from './context.ts';
import { deployTargetPhase, originGates } from './deploy-target.ts';
import { retireSourcePhase } from './retire-source.ts';

export const zookeeperPhases: PhaseSet<MigrationContext> = {
  phases: [deployTargetPhase, retireSourcePhase],
  origin: originGates,
};
