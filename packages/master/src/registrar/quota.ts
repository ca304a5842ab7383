import type { quota } from '@orchestrator/mesos';
import { requireCapability } from './capabilities.ts';
import { type Decision, type Registry, unchanged } from './registry.ts';

const isDefault = ({ guarantees, limits }: quota.QuotaConfigValid) =>
  Object.keys(guarantees).length === 0 && Object.keys(limits).length === 0;

/** Sets the quotas of some roles; a configuration without guarantees and limits removes that of its role. */
export function updateQuota(registry: Registry, configs: readonly quota.QuotaConfigValid[]): Decision {
  if (configs.length === 0) return unchanged;
  const quotas = new Map(registry.settings.quotas);
  for (const config of configs) {
    if (isDefault(config)) quotas.delete(config.role);
    else quotas.set(config.role, config);
  }
  return {
    changes: [
      { list: 'settings', name: 'quotas', value: { quotas } },
      ...requireCapability(registry, 'QUOTA_V2', quotas.size > 0),
    ],
  };
}
