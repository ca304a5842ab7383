/** Operations by which an operator empties an agent, or keeps offers from it. */
import {
  type DrainConfigValid,
  DrainInfoSchema,
  DrainState,
  makeMessage,
  registry as wire,
} from '@orchestrator/mesos';
import { requireCapability } from './capabilities.ts';
import { type AdmittedAgent, type Change, type Decision, type Registry, unchanged } from './registry.ts';

type Marks = Pick<AdmittedAgent, 'drainInfo' | 'deactivated'>;

/** The change of an agent's marks, in whichever list it is; undefined if it is in neither. */
function mark(registry: Registry, id: string, change: (marks: Marks) => Marks): Change | undefined {
  const admitted = registry.admitted.get(id);
  if (admitted !== undefined) {
    const { info } = admitted;
    const value = makeMessage(wire.Registry_SlaveSchema, { info, ...change(admitted) });
    return { list: 'admitted', id, value };
  }
  const unreachable = registry.unreachable.get(id);
  if (unreachable === undefined) return undefined;
  const { timestamp } = unreachable;
  const value = makeMessage(wire.Registry_UnreachableSlaveSchema, {
    id: { value: id },
    timestamp,
    ...change(unreachable),
  });
  return { list: 'unreachable', id, value };
}

/** Starts to drain; once more replaces the configuration. */
export function drainAgent(registry: Registry, id: string, config: DrainConfigValid): Decision {
  const drainInfo = makeMessage(DrainInfoSchema, { state: DrainState.DRAINING, config });
  const change = mark(registry, id, () => ({ drainInfo, deactivated: true }));
  if (change === undefined) return unchanged;
  return { changes: [change, ...requireCapability(registry, 'AGENT_DRAINING', true)] };
}

/** Nothing runs on it any more. */
export function markDrained(registry: Registry, id: string): Decision {
  const before = (registry.admitted.get(id) ?? registry.unreachable.get(id))?.drainInfo;
  if (before?.state !== DrainState.DRAINING) return { refusal: `Agent ${id} is not DRAINING` };
  const { config } = before;
  const drainInfo = makeMessage(DrainInfoSchema, { state: DrainState.DRAINED, config });
  const change = mark(registry, id, ({ deactivated }) => ({ deactivated, drainInfo }));
  return change === undefined ? unchanged : { changes: [change] };
}

export function deactivateAgent(registry: Registry, id: string): Decision {
  const change = mark(registry, id, ({ drainInfo }) => ({ drainInfo, deactivated: true }));
  if (change === undefined) return unchanged;
  return { changes: [change, ...requireCapability(registry, 'AGENT_DRAINING', true)] };
}

/** Offers again; with the last agent that was deactivated goes the condition on masters. */
export function reactivateAgent(registry: Registry, id: string): Decision {
  const change = mark(registry, id, () => ({ drainInfo: undefined, deactivated: false }));
  if (change === undefined) return unchanged;
  const others = [registry.admitted, registry.unreachable].some((list) => {
    for (const [other, { deactivated }] of list) if (deactivated && other !== id) return true;
    return false;
  });
  return { changes: [change, ...requireCapability(registry, 'AGENT_DRAINING', others)] };
}
