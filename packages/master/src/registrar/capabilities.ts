import type { Change, Registry } from './registry.ts';

/** What masters of this version understand in a registry. One that finds another name there must not lead. */
export const knownCapabilities: ReadonlySet<string> = new Set(['AGENT_UPDATE', 'AGENT_DRAINING', 'QUOTA_V2']);

/** The change that makes `capability` a condition for leading, or lifts it; none if it is so already. */
export function requireCapability(registry: Registry, capability: string, required: boolean): Change[] {
  const { minimumCapabilities } = registry.settings;
  if (minimumCapabilities.includes(capability) === required) return [];
  const value = required
    ? [...minimumCapabilities, capability]
    : minimumCapabilities.filter((each) => each !== capability);
  return [{ list: 'settings', name: 'minimumCapabilities', value: { minimumCapabilities: value } }];
}
