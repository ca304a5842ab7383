import type { Style } from '../../terminal/style.ts';
import { renderTable } from '../../terminal/table.ts';
import { describeResources } from '../views/resources.ts';
import type { RoleView } from '../views/roles.ts';

export function renderRoles(roles: readonly RoleView[], style: Style): string {
  if (roles.length === 0) return 'no roles';
  const rows = roles.map((role) => [
    role.name,
    String(role.weight),
    String(role.frameworks.length),
    describeResources(role.allocated),
    describeResources(role.guarantees),
    describeResources(role.limits),
  ]);
  const titles = ['ROLE', 'WEIGHT', 'FRAMEWORKS', 'ALLOCATED', 'GUARANTEED', 'LIMIT'];
  return renderTable({ rows, style, columns: titles.map((title) => ({ title })) });
}
