/** What the core tells the allocator. In the core's books resources are allocated to a role, in the allocator's they are not. */
import {
  type AttributeValid,
  type FrameworkInfoValid,
  type quota,
  type Resources,
  type scheduler,
  toThousandths,
  Value_Type,
} from '@orchestrator/mesos';
import type { AgentCapability, AgentFacts } from '../allocator/agent-entry.ts';
import type { Quota } from '../allocator/allocator.ts';
import {
  type AgentTraits,
  type AttributeConstraint,
  compileOfferConstraints,
  type OfferConstraints,
} from '../allocator/offer-constraints.ts';
import type { FrameworkCapability, FrameworkFacts, Quantities } from '../allocator/subscription.ts';
import type { MasterContext } from './context.ts';
import type { AgentRecord, FrameworkRecord } from './records.ts';

/** The resources by the role that they are allocated to, as the allocator has them. */
function byRole(resources: Resources): (readonly [role: string, part: Resources])[] {
  const roles = new Set<string>();
  for (const { kind } of resources) roles.add(kind.allocatedTo ?? '*');
  return Array.from(roles, (role) => {
    const part =
      roles.size === 1 ? resources : resources.filter((kind) => (kind.allocatedTo ?? '*') === role);
    return [role, part.allocatedTo(undefined)] as const;
  });
}

/** Held by tasks or operations that the allocator has not heard of: an agent told of them. */
export function hold(
  context: MasterContext,
  frameworkId: string,
  agentId: string,
  resources: Resources,
): void {
  for (const [role, part] of byRole(resources)) context.allocator.hold(frameworkId, role, agentId, part);
}

/** Free again. `refuseMs`: the framework does not want it for so long. */
export function giveBack(
  context: MasterContext,
  frameworkId: string,
  agentId: string,
  resources: Resources,
  refuseMs?: number,
): void {
  const { allocator, steadyMs } = context;
  const untilMs = refuseMs === undefined ? undefined : steadyMs + refuseMs;
  for (const [role, part] of byRole(resources)) {
    allocator.release(frameworkId, role, agentId, part, untilMs, steadyMs);
  }
}

export function agentFacts(agent: AgentRecord): AgentFacts {
  return {
    traits: traitsOf(agent),
    total: agent.total,
    capabilities: agent.capabilities as Set<AgentCapability>,
  };
}

function traitsOf({ info }: AgentRecord): AgentTraits {
  const fault = info.domain?.faultDomain;
  const text = ({ type, text: value }: AttributeValid) =>
    type === Value_Type.TEXT ? value?.value : undefined;
  return {
    hostname: info.hostname,
    region: fault?.region.name,
    zone: fault?.zone.name,
    attributes: new Map(info.attributes.map((attribute) => [attribute.name, text(attribute)])),
  };
}

export function frameworkFacts(framework: FrameworkRecord): FrameworkFacts {
  const { roles, suppressedRoles, capabilities, offerConstraints, info } = framework;
  return {
    roles: new Set(roles),
    suppressedRoles,
    capabilities: capabilities as Set<FrameworkCapability>,
    offerConstraints:
      offerConstraints === undefined ? undefined : compileOfferConstraints(constraintsOf(offerConstraints)),
    minAllocatable: minAllocatableOf(info),
  };
}

function minAllocatableOf({ offerFilters }: FrameworkInfoValid): Map<string, Quantities[]> {
  const minimums = new Map<string, Quantities[]>();
  for (const [role, { minAllocatableResources }] of Object.entries(offerFilters)) {
    if (minAllocatableResources === undefined) continue;
    const sets = minAllocatableResources.quantities.map(({ quantities }) =>
      Object.entries(quantities).map(([name, { value }]) => [name, toThousandths(value)] as const),
    );
    minimums.set(role, sets);
  }
  return minimums;
}

/** @throws RangeError for a constraint without a selector or predicate that is known here */
export function constraintsOf(message: scheduler.OfferConstraintsValid): OfferConstraints {
  return new Map(
    Object.entries(message.roleConstraints).map(([role, { groups }]) => [
      role,
      groups.map((group) => group.attributeConstraints.map((each) => constraintOf(role, each))),
    ]),
  );
}

const pseudoAttributes = new Map([
  [1, 'hostname'],
  [2, 'region'],
  [3, 'zone'],
] as const);

function constraintOf(
  role: string,
  { selector, predicate }: scheduler.AttributeConstraintValid,
): AttributeConstraint {
  return { selector: selectorOf(role, selector), predicate: predicateOf(role, predicate) };
}

function selectorOf(
  role: string,
  { selector }: scheduler.AttributeConstraint_SelectorValid,
): AttributeConstraint['selector'] {
  if (selector.case === 'attributeName') return { attribute: selector.value };
  const pseudo =
    selector.case === 'pseudoattributeType' ? pseudoAttributes.get(selector.value as 1) : undefined;
  if (pseudo !== undefined) return { pseudo };
  throw new RangeError(
    `A role ${role} has an invalid 'AttributeConstraint': Exactly one of 'AttributeConstraint::Selector::name' or 'AttributeConstraint::Selector::pseudoattribute_type' must be set`,
  );
}

function predicateOf(
  role: string,
  { predicate }: scheduler.AttributeConstraint_PredicateValid,
): AttributeConstraint['predicate'] {
  switch (predicate.case) {
    case 'exists':
      return { kind: 'exists' };
    case 'notExists':
      return { kind: 'not_exists' };
    case 'textEquals':
      return { kind: 'text_equals', value: predicate.value.value };
    case 'textNotEquals':
      return { kind: 'text_not_equals', value: predicate.value.value };
    case 'textMatches':
      return { kind: 'text_matches', regex: predicate.value.regex };
    case 'textNotMatches':
      return { kind: 'text_not_matches', regex: predicate.value.regex };
    default:
      throw new RangeError(`A role ${role} has an invalid 'AttributeConstraint': Unknown predicate type`);
  }
}

/** A quota as the allocator has it; undefined where there is none. */
export function quotaOf(config: quota.QuotaConfigValid | undefined): Quota | undefined {
  if (config === undefined) return undefined;
  const amounts = (of: quota.QuotaConfigValid['limits']) =>
    new Map(Object.entries(of).map(([name, { value }]) => [name, toThousandths(value)]));
  return { guarantees: amounts(config.guarantees), limits: amounts(config.limits) };
}
