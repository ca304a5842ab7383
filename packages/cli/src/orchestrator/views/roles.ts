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

interface RoleAnswers {
  readonly roles: master.Response_GetRolesValid['roles'];
  readonly quotas: master.Response_GetQuotaValid['status']['configs'];
  readonly weights: master.Response_GetWeightsValid['weightInfos'];
}

/** Roles that somebody uses or that somebody has set something for. */
export function viewRoles({ roles, quotas, weights }: RoleAnswers): RoleView[] {
  const byRole = new Map(roles.map((role) => [role.name, role]));
  const configs = new Map(quotas.map((config) => [config.role, config]));
  const weightOf = new Map(weights.map(({ role, weight }) => [role, weight]));
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
