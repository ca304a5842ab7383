/** Which role an action needs: what the configuration says of it by name, else what is fitting. */
import type { Principal, Role } from '@orchestrator/runtime';
import { MonitorError } from '../errors.ts';

const ranks: readonly Role[] = ['viewer', 'operator', 'admin'];

/** @throws MonitorError `forbidden` */
export type RequireRight = (principal: Principal, action: string, otherwise: Role) => void;

export const createRights =
  (roles: Readonly<Record<string, Role>>): RequireRight =>
  ({ name, role }, action, otherwise) => {
    const needed = roles[action] ?? otherwise;
    if (ranks.indexOf(role) >= ranks.indexOf(needed)) return;
    throw new MonitorError('forbidden', `${name} is ${role}, ${action} needs ${needed}`);
  };
