/** A new leader takes over what the registry knows, and waits for the agents. */

import { MasterError } from '../errors.ts';
import { machinesOf } from '../registrar/maintenance.ts';
import { log, type MasterContext, write } from './context.ts';
import { quotaOf } from './holdings.ts';

/** Ids in one registry write when old agents are forgotten. */
const pruneBatch = 60;

export function recover(context: MasterContext): void {
  const { state, allocator, options, timers, steadyMs } = context;
  const { admitted, unreachable, gone, settings } = context.registry();
  for (const [id, { info }] of admitted) state.recoveredAgents.set(id, { hostname: info.hostname });
  for (const [id, { timestamp }] of unreachable) state.unreachableAgents.set(id, timestamp.nanoseconds);
  for (const [id, { timestamp }] of gone) state.goneAgents.set(id, timestamp.nanoseconds);
  recoverWeights(context);
  for (const [role, config] of settings.quotas) allocator.setQuota(role, quotaOf(config));
  state.machines = machinesOf(settings.maintenance);
  state.recoveredCount = admitted.size;
  if (admitted.size > 0) {
    timers.set('reregister-deadline', steadyMs + options.agentReregisterTimeoutMs, {
      type: 'reregister-deadline',
    });
  }
  timers.set('registry-gc', steadyMs + options.registryGcIntervalMs, { type: 'registry-gc' });
  waitForAgents(context);
}

/** Those of the flag count until there are some in the registry: the first leader writes them there. */
function recoverWeights(context: MasterContext): void {
  const { allocator, options } = context;
  const { weights: stored } = context.registry().settings;
  const { firstWeights } = options;
  if (stored.size === 0 && firstWeights.size > 0) {
    write(context, { type: 'update-weights', weights: firstWeights }, () => undefined);
  } else if (firstWeights.size > 0) {
    log(context, 'warn', 'flag --weights is passed over: the registry has weights', { weights: [...stored] });
  }
  for (const [role, weight] of stored.size > 0 ? stored : firstWeights) allocator.setWeight(role, weight);
}

/** With quotas, nothing is offered until enough agents are back: shares of a part of the cluster are not fair. */
function waitForAgents(context: MasterContext): void {
  const { state, allocator, timers, options, steadyMs } = context;
  state.isWaitingForAgents = context.registry().settings.quotas.size > 0 && state.recoveredCount > 0;
  allocator.setPaused(state.isWaitingForAgents);
  if (!state.isWaitingForAgents) return;
  timers.set('recovery-timeout', steadyMs + options.recoveryTimeoutMs, { type: 'recovery-timeout' });
  maybeResumeOffers(context);
}

/** To be asked when an agent has come back. */
export function maybeResumeOffers(context: MasterContext): void {
  const { state, options } = context;
  if (!state.isWaitingForAgents) return;
  const back = state.recoveredCount - state.recoveredAgents.size;
  if (back >= options.recoveryFactor * state.recoveredCount) resumeOffers(context);
}

export function resumeOffers({ state, allocator, timers }: MasterContext): void {
  if (!state.isWaitingForAgents) return;
  state.isWaitingForAgents = false;
  timers.cancel('recovery-timeout');
  allocator.setPaused(false);
}

/**
 * The agents that are not back in time are unreachable. More of them than an operator allows is no accident of theirs.
 *
 * @throws MasterError `precondition`, after which the master must end
 */
export function onReregisterDeadline(context: MasterContext): void {
  const { state, options } = context;
  const missing = [...state.recoveredAgents.keys()];
  const limit = options.recoveryAgentRemovalLimit;
  if (missing.length > limit * state.recoveredCount) {
    throw new MasterError(
      'precondition',
      `${missing.length} of ${state.recoveredCount} agents did not come back within ${options.agentReregisterTimeoutMs} ms, more than recovery_agent_removal_limit allows`,
      { remedy: 'see why the agents cannot reach this master, or raise the limit' },
    );
  }
  state.recoveredCount = 0;
  resumeOffers(context);
  const atNs = BigInt(Math.round(context.nowMs)) * 1_000_000n;
  for (const agentId of missing) {
    if (state.transitions.has(agentId)) continue;
    state.transitions.set(agentId, 'marking-unreachable');
    write(context, { type: 'mark-unreachable', agentId, atNs }, (outcome) => {
      state.transitions.delete(agentId);
      state.recoveredAgents.delete(agentId);
      if ('refusal' in outcome) return;
      state.unreachableAgents.set(agentId, atNs);
      context.counters.add('master/recovery_slave_removals');
      context.counters.add('master/slave_unreachable_completed');
      log(context, 'warn', 'agent did not come back after the failover', { agentId });
    });
  }
}

function tooMany(list: ReadonlyMap<string, bigint>, context: MasterContext): string[] {
  const { registryMaxAgentAgeMs, registryMaxAgentCount } = context.options;
  const oldestNs = BigInt(Math.round(context.nowMs - registryMaxAgentAgeMs)) * 1_000_000n;
  const byAge = [...list].sort(([, left], [, right]) => (left < right ? -1 : 1));
  const surplus = Math.max(0, byAge.length - registryMaxAgentCount);
  return byAge.filter(([, sinceNs], index) => index < surplus || sinceNs < oldestNs).map(([id]) => id);
}

/** Forgets agents that were unreachable or gone for long enough. */
export function collectGarbage(context: MasterContext): void {
  const { state, options, timers } = context;
  timers.set('registry-gc', context.steadyMs + options.registryGcIntervalMs, { type: 'registry-gc' });
  const unreachable = tooMany(state.unreachableAgents, context);
  const gone = tooMany(state.goneAgents, context);
  for (let start = 0; start < Math.max(unreachable.length, gone.length); start += pruneBatch) {
    const batch = {
      unreachable: unreachable.slice(start, start + pruneBatch),
      gone: gone.slice(start, start + pruneBatch),
    };
    write(context, { type: 'prune', ...batch }, () => {
      for (const id of batch.unreachable) state.unreachableAgents.delete(id);
      for (const id of batch.gone) state.goneAgents.delete(id);
    });
  }
}
