/** Which role an action needs: what the configuration says of it by name, else what is fitting. */
import type { Principal, Role } from '@orchestrator/runtime';
import { MonitorError } from '../errors.ts';

const ranks: readonly Role[] = ['viewer', 'operator', 'admin'];

/** @throws MonitorError `forbidden` */
export type RequireRight = (principal: Principal, action: string, otherwise: Role) => void;

const permits = ({ role }: Principal, needed: Role) => ranks.indexOf(role) >= ranks.indexOf(needed);

/** Views that not everybody may look at. */
export interface ViewRights {
  mayView(principal: Principal, viewId: string): boolean;
  /** @throws MonitorError `forbidden` */
  requireView(principal: Principal, viewId: string): void;
  /** For answers that hold what all views show. @throws MonitorError `forbidden` */
  requireAllViews(principal: Principal): void;
}

export function createViewRights(roles: Readonly<Record<string, Role>>): ViewRights {
  const mayView: ViewRights['mayView'] = (principal, viewId) => permits(principal, roles[viewId] ?? 'viewer');
  const requireView: ViewRights['requireView'] = (principal, viewId) => {
    if (mayView(principal, viewId)) return;
    const { name, role } = principal;
    throw new MonitorError('forbidden', `${name} is ${role}, view ${viewId} needs ${roles[viewId]}`);
  };
  return {
    mayView,
    requireView,
    requireAllViews(principal) {
      for (const viewId of Object.keys(roles)) requireView(principal, viewId);
    },
  };
}

export const createRights =
  (roles: Readonly<Record<string, Role>>): RequireRight =>
  (principal, action, otherwise) => {
    const needed = roles[action] ?? otherwise;
    if (permits(principal, needed)) return;
    const { name, role } = principal;
    throw new MonitorError('forbidden', `${name} is ${role}, ${action} needs ${needed}`);
  };
