import type { master } from '@orchestrator/mesos';
import { type ResourceView, viewResources } from './resources.ts';

/** As `roles --json`, `quota --json` and `weights --json` show it. */
export interface RoleView {
  readonly name: string;
  readonly weight: number;
  readonly frameworks: readonly string[];
  readonly allocated: ResourceView;
  /** What it is to get before others, and what it cannot exceed; by resource, absent where there is none. */
  readonly guarantees: Readonly<Record<string, number>>;
  readonly limits: Readonly<Record<string, number>>;
}

type QuotaMap = Readonly<Record<string, { readonly value: number }>>;

const numbersOf = (map: QuotaMap): Record<string, number> =>
  Object.fromEntries(Object.entries(map).map(([name, { value }]) => [name, value]));

/** Roles that somebody uses or that somebody has set something for. */
export function viewRoles(
  { roles }: master.Response_GetRolesValid,
  quota: master.Response_GetQuotaValid,
  weights: master.Response_GetWeightsValid,
): RoleView[] {
  const byRole = new Map(roles.map((role) => [role.name, role]));
  const configs = new Map(quota.status.configs.map((config) => [config.role, config]));
  const weightOf = new Map(weights.weightInfos.map(({ role, weight }) => [role, weight]));
  const names = new Set([...byRole.keys(), ...configs.keys(), ...weightOf.keys()]);
  return [...names].sort().map((name) => ({
    name,
    weight: weightOf.get(name) ?? byRole.get(name)?.weight ?? 1,
    frameworks: (byRole.get(name)?.frameworks ?? []).map(({ value }) => value),
    allocated: viewResources(byRole.get(name)?.resources ?? []),
    guarantees: numbersOf(configs.get(name)?.guarantees ?? {}),
    limits: numbersOf(configs.get(name)?.limits ?? {}),
  }));
}
