import { type Decision, type Registry, unchanged } from './registry.ts';

/** By role; a role that is not in it weighs 1. */
export type WeightRecord = ReadonlyMap<string, number>;

export function updateWeights(registry: Registry, updates: WeightRecord): Decision {
  const { weights } = registry.settings;
  if ([...updates].every(([role, weight]) => weights.get(role) === weight)) return unchanged;
  return {
    changes: [{ list: 'settings', name: 'weights', value: { weights: new Map([...weights, ...updates]) } }],
  };
}
