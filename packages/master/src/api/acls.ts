/** Mesos' ACLs: by action a list of rules; the first that is about the principal and the object decides. */
import { MasterError } from '../errors.ts';

/** Actions by the name of their list, with the name that their objects have there. */
const actions = {
  register_framework: ['register_frameworks', 'roles'],
  register_agent: ['register_agents', 'agents'],
  run_task: ['run_tasks', 'users'],
  teardown_framework: ['teardown_frameworks', 'framework_principals'],
  reserve_resources: ['reserve_resources', 'roles'],
  unreserve_resources: ['unreserve_resources', 'reserver_principals'],
  create_volume: ['create_volumes', 'roles'],
  destroy_volume: ['destroy_volumes', 'creator_principals'],
  resize_volume: ['resize_volumes', 'roles'],
  create_block_disk: ['create_block_disks', 'roles'],
  destroy_block_disk: ['destroy_block_disks', 'roles'],
  get_quota: ['get_quotas', 'roles'],
  update_quota: ['update_quotas', 'roles'],
  update_weight: ['update_weights', 'roles'],
  view_role: ['view_roles', 'roles'],
  view_framework: ['view_frameworks', 'users'],
  view_task: ['view_tasks', 'users'],
  view_flags: ['view_flags', 'flags'],
  get_maintenance_schedule: ['get_maintenance_schedules', 'machines'],
  get_maintenance_status: ['get_maintenance_statuses', 'machines'],
  update_maintenance_schedule: ['update_maintenance_schedules', 'machines'],
  start_maintenance: ['start_maintenances', 'machines'],
  stop_maintenance: ['stop_maintenances', 'machines'],
  mark_agent_gone: ['mark_agents_gone', 'agents'],
  drain_agent: ['drain_agents', 'agents'],
  deactivate_agent: ['deactivate_agents', 'agents'],
  reactivate_agent: ['reactivate_agents', 'agents'],
  get_endpoint: ['get_endpoints', 'paths'],
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
  throw new MasterError('config', `ACLs: ${where} is neither a list of values nor of type ANY or NONE`);
}

const isAbout = (entity: Entity, name: string | undefined) =>
  'type' in entity || (name !== undefined && entity.values.has(name));

const allows = (entity: Entity) => !('type' in entity) || entity.type === 'ANY';

interface AclFile {
  readonly permissive?: unknown;
  readonly [list: string]: unknown;
}

interface AclEntry {
  readonly principals?: unknown;
  readonly [objects: string]: unknown;
}

/** Reads Mesos' JSON. @throws MasterError `config` */
export function parseAcls(text: string): Acls {
  let json: AclFile;
  try {
    json = JSON.parse(text) as typeof json;
  } catch (cause) {
    throw new MasterError('config', 'the ACLs are no JSON', { cause });
  }
  const { permissive } = json;
  const rules = new Map<AclAction, Rule[]>();
  for (const [action, [list, objects]] of Object.entries(actions)) {
    const entries = json[list];
    if (entries === undefined) continue;
    if (!Array.isArray(entries)) throw new MasterError('config', `ACLs: "${list}" is no list`);
    const parsed = entries.map(({ principals, ...entry }: AclEntry, index) => ({
      principals: entityOf(principals, `${list}[${index}].principals`),
      objects: entityOf(entry[objects] ?? { type: 'ANY' }, `${list}[${index}].${objects}`),
    }));
    rules.set(action as AclAction, parsed);
  }
  return {
    permits(action, principal, object) {
      const rule = rules
        .get(action)
        ?.find(({ principals, objects }) => isAbout(principals, principal) && isAbout(objects, object));
      return rule === undefined ? permissive !== false : allows(rule.principals) && allows(rule.objects);
    },
  };
}
