/** Containers as callers name them: an id, and the id of the container that it is in. */
import { type AclAction, type ContainerIDValid, HttpRefusal } from '@orchestrator/mesos';
import { userOfExecutor } from '../access/visible.ts';
import type { AgentState } from '../core/records.ts';
import { findContainer } from '../core/turn.ts';
import type { ApiPlace } from './place.ts';

/** Longest id of one container, and of the containers around it. */
const longestId = 242;
const deepest = 32;

/** What is wrong with it, in Mesos' words; undefined when nothing is. */
function idProblem({ value, parent }: ContainerIDValid, depth = 0): string | undefined {
  if (value === '') return 'ID must not be empty';
  if (value.length > longestId) {
    return `'ContainerID.value' '${value}' exceeds the maximum length (${longestId})`;
  }
  if (/[/\\\0]/.test(value) || /\p{Cc}/u.test(value)) return `'${value}' contains invalid characters`;
  if (/[. ]/.test(value)) return `'ContainerID.value' '${value}' contains invalid characters`;
  if (depth >= deepest) return `it is nested deeper than ${deepest}`;
  const problem = parent && idProblem(parent, depth + 1);
  return problem && `'ContainerID.parent' is invalid: ${problem}`;
}

/** @param field of the call, for the message. @throws HttpRefusal 400 */
export function requireContainerId(containerId: ContainerIDValid, field: string): void {
  const problem = idProblem(containerId);
  if (problem === undefined) return;
  throw new HttpRefusal(400, `Failed to validate agent::Call: '${field}' is invalid: ${problem}`);
}

/** `parent.child`; ids have no dots. */
export function keyOf({ value, parent }: ContainerIDValid): string {
  return parent === undefined ? value : `${keyOf(parent)}.${value}`;
}

/** The container of the containerizer that a nested one is in, or is to be in; undefined when that does not run. */
export function containerAround(place: ApiPlace, { parent }: ContainerIDValid): string | undefined {
  if (parent === undefined) return undefined;
  const nested = place.nested.running.get(keyOf(parent));
  if (nested !== undefined) return nested.within;
  return place.containerizer.status(parent.value) === undefined ? undefined : parent.value;
}

/** As whom the task or executor around it runs; undefined for what belongs to none. */
function ownerOf(state: AgentState, containerId: ContainerIDValid): string | undefined {
  for (let id: ContainerIDValid | undefined = containerId; id !== undefined; id = id.parent) {
    const found = findContainer(state, id.value);
    if (found !== undefined) return userOfExecutor(found.framework, found.executor);
  }
  return undefined;
}

interface Permission {
  state: AgentState;
  principal: string | undefined;
  containerId: ContainerIDValid;
  /** Of containers inside those of tasks; those beside tasks have an action of their own. */
  action: AclAction;
  standalone: AclAction;
}

/** @throws HttpRefusal 403 */
export function requirePermission(place: ApiPlace, permission: Permission): void {
  const { state, principal, containerId, action, standalone } = permission;
  const owner = ownerOf(state, containerId);
  const needed = owner === undefined ? standalone : action;
  if (!place.config.acls.permits(needed, principal, owner)) throw new HttpRefusal(403, '');
}
