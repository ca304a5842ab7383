/** Mesos' ACLs for what an agent does: by action a list of rules; the first about the principal and the object decides. */
import { AgentError } from '../errors.ts';

/** Actions by the name of their list, with the name that their objects have there. */
const actions = {
  access_sandbox: ['access_sandboxes', 'users'],
  attach_container_input: ['attach_containers_input', 'users'],
  attach_container_output: ['attach_containers_output', 'users'],
  get_endpoint: ['get_endpoints', 'paths'],
  kill_nested_container: ['kill_nested_containers', 'users'],
  kill_standalone_container: ['kill_standalone_containers', 'users'],
  launch_nested_container: ['launch_nested_containers_as_user', 'users'],
  launch_nested_container_under: ['launch_nested_containers_under_parent_with_user', 'users'],
  launch_nested_container_session: ['launch_nested_container_sessions_as_user', 'users'],
  launch_nested_container_session_under: ['launch_nested_container_sessions_under_parent_with_user', 'users'],
  launch_standalone_container: ['launch_standalone_containers', 'users'],
  prune_images: ['prune_images', 'images'],
  remove_nested_container: ['remove_nested_containers', 'users'],
  remove_standalone_container: ['remove_standalone_containers', 'users'],
  set_log_level: ['set_log_level', 'level'],
  view_container: ['view_containers', 'users'],
  view_executor: ['view_executors', 'users'],
  view_flags: ['view_flags', 'flags'],
  view_framework: ['view_frameworks', 'users'],
  view_standalone_container: ['view_standalone_containers', 'users'],
  view_task: ['view_tasks', 'users'],
  wait_nested_container: ['wait_nested_containers', 'users'],
  wait_standalone_container: ['wait_standalone_containers', 'users'],
} as const;

export type AclAction = keyof typeof actions;

/** A list of names, all of them, or none. */
type Entity = { readonly type: 'ANY' | 'NONE' } | { readonly values: ReadonlySet<string> };

interface Rule {
  readonly principals: Entity;
  readonly objects: Entity;
}

export interface Acls {
  /** May `principal` (undefined: not authenticated) do this to `object` (undefined: to any there is)? */
  permits(action: AclAction, principal: string | undefined, object?: string): boolean;
}

export const noAcls: Acls = { permits: () => true };

function entityOf(json: unknown, where: string): Entity {
  const { type, values } = (json ?? {}) as { readonly type?: unknown; readonly values?: unknown };
  if (type === 'ANY' || type === 'NONE') return { type };
  if (Array.isArray(values) && values.every((value) => typeof value === 'string')) {
    return { values: new Set(values) };
  }
  throw new AgentError('Config', `ACLs: ${where} is neither a list of values nor of type ANY or NONE`);
}

const isAbout = (entity: Entity, name: string | undefined) =>
  'type' in entity || (name !== undefined && entity.values.has(name));

const allows = (entity: Entity) => !('type' in entity) || entity.type === 'ANY';

type AclFile = Readonly<Record<string, unknown>>;

function rulesOf(json: AclFile): ReadonlyMap<AclAction, readonly Rule[]> {
  const rules = new Map<AclAction, readonly Rule[]>();
  for (const [action, [list, objects]] of Object.entries(actions)) {
    const entries = json[list];
    if (entries === undefined) continue;
    if (!Array.isArray(entries)) throw new AgentError('Config', `ACLs: "${list}" is no list`);
    const parsed = entries.map((entry: AclFile, index) => ({
      principals: entityOf(entry.principals, `${list}[${index}].principals`),
      objects: entityOf(entry[objects] ?? { type: 'ANY' }, `${list}[${index}].${objects}`),
    }));
    rules.set(action as AclAction, parsed);
  }
  return rules;
}

/** Reads Mesos' JSON; lists of what only masters do are passed over. @throws AgentError `Config` */
export function parseAcls(text: string): Acls {
  let json: AclFile;
  try {
    json = JSON.parse(text) as AclFile;
  } catch (cause) {
    throw new AgentError('Config', 'the ACLs are no JSON', { cause });
  }
  const rules = rulesOf(json);
  return {
    permits(action, principal, object) {
      const rule = rules
        .get(action)
        ?.find(({ principals, objects }) => isAbout(principals, principal) && isAbout(objects, object));
      return rule === undefined ? json.permissive !== false : allows(rule.principals) && allows(rule.objects);
    },
  };
}
