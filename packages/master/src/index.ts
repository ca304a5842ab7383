// The allocator decides who is offered what.
export type { AgentCapability, AgentFacts } from './allocator/agent-entry.ts';
export {
  type Allocation,
  type Allocations,
  Allocator,
  type AllocatorOptions,
  type Quota,
} from './allocator/allocator.ts';
export type {
  FrameworkExplanation,
  ObstacleCount,
  RoleExplanation,
  WentElsewhere,
} from './allocator/explain-framework.ts';
export type {
  NearMiss,
  RequirementExplanation,
  TaskExplanation,
  TaskRequirements,
} from './allocator/explain-task.ts';
export type { InverseOffer, Unavailability } from './allocator/inverse-offers.ts';
export {
  type AgentTraits,
  type AttributeConstraint,
  compileOfferConstraints,
  type OfferConstraints,
  type OfferConstraintsFilter,
} from './allocator/offer-constraints.ts';
export type { FrameworkCapability, FrameworkFacts, Quantities } from './allocator/subscription.ts';
// The master itself.
export { type MasterConfig, readConfig } from './config.ts';
// Who leads, by ZooKeeper.
export { ZooKeeperDetector } from './election/detector.ts';
export { type ElectionPlace, readZkUrl } from './election/zk-url.ts';
export { MasterError, type MasterErrorCode } from './errors.ts';
export { readFlags } from './flags.ts';
export { runMaster } from './main.ts';
export { MasterService, type MasterServiceOptions } from './service/master-service.ts';
