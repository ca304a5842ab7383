import { type Decision, type Registry, unchanged, type WeightRecord } from './registry.ts';

export function updateWeights(registry: Registry, updates: WeightRecord): Decision {
  const { weights } = registry.settings;
  if ([...updates].every(([role, weight]) => weights.get(role) === weight)) return unchanged;
  return {
    changes: [{ list: 'settings', name: 'weights', value: { weights: new Map([...weights, ...updates]) } }],
  };
}
