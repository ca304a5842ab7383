/** Mesos' ACLs: by action a list of rules; the first that is about the principal and the object decides. */
import { MesosError } from '../errors.ts';
import { type AclAction, aclLists } from './acl-actions.ts';

/** A list of names, all of them, or none. */
type Entity = { readonly type: 'ANY' | 'NONE' } | { readonly values: ReadonlySet<string> };

interface Rule {
  readonly principals: Entity;
  readonly objects: Entity;
  /** `web/` for the value `web/%`: all roles below, and not the role itself. */
  readonly below: string | undefined;
}

export interface Acls {
  /** May `principal` (undefined: not authenticated) do this to `object` (undefined: to any there is)? */
  permits(action: AclAction, principal: string | undefined, object?: string): boolean;
  /** Everybody may do this to everything: there is no need to ask for each. */
  isOpen(action: AclAction): boolean;
}

const problem = (message: string, more: { cause?: unknown; remedy?: string } = {}) =>
  new MesosError(message, { code: 'invalid', ...more });

export const noAcls: Acls = { permits: () => true, isOpen: () => true };

function entityOf(json: unknown, where: string): Entity {
  const { type, values } = (json ?? {}) as { readonly type?: unknown; readonly values?: unknown };
  if (type === 'ANY' || type === 'NONE') return { type };
  if (Array.isArray(values) && values.every((value) => typeof value === 'string')) {
    return { values: new Set(values) };
  }
  throw problem(`ACLs: ${where} is neither a list of values nor of type ANY or NONE`);
}

const isAbout = (entity: Entity, name: string | undefined) =>
  'type' in entity || (name !== undefined && entity.values.has(name));

const allows = (entity: Entity) => !('type' in entity) || entity.type === 'ANY';

interface AclEntry {
  readonly principals?: unknown;
  readonly [objects: string]: unknown;
}

function belowOf(name: string, objects: Entity): string | undefined {
  if (name !== 'roles' || 'type' in objects || objects.values.size !== 1) return undefined;
  const [value = ''] = objects.values;
  return value.endsWith('/%') ? value.slice(0, -1) : undefined;
}

function readRules(list: string, entries: unknown, objects: string): Rule[] {
  if (!Array.isArray(entries)) throw problem(`ACLs: "${list}" is no list`);
  return entries.map(({ principals, ...entry }: AclEntry, index) => {
    const about = entityOf(entry[objects] ?? { type: 'ANY' }, `${list}[${index}].${objects}`);
    return {
      principals: entityOf(principals, `${list}[${index}].principals`),
      objects: about,
      below: belowOf(objects, about),
    };
  });
}

function readFile(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw problem('the ACLs are no JSON', { cause });
  }
}

/** Reads Mesos' JSON. @throws MesosError `invalid`, for a list of a name that Mesos does not know too: it would guard nothing */
export function parseAcls(text: string): Acls {
  const { permissive, ...lists } = readFile(text);
  const otherwise = permissive !== false;
  const rules = new Map<AclAction, Rule[]>();
  for (const [list, entries] of Object.entries(lists)) {
    const known = aclLists.get(list);
    if (known === undefined) {
      throw problem(`ACLs: there is no list "${list}"`, {
        remedy: `the lists are ${[...aclLists.keys()].join(', ')}`,
      });
    }
    rules.set(known.action, readRules(list, entries, known.objects));
  }
  return {
    isOpen: (action) => otherwise && !rules.has(action),
    permits(action, principal, object) {
      for (const { principals, objects, below } of rules.get(action) ?? []) {
        if (!isAbout(principals, principal)) continue;
        if (below !== undefined) {
          if (object?.startsWith(below) === true) return allows(principals);
        } else if (isAbout(objects, object)) return allows(principals) && allows(objects);
      }
      return otherwise;
    },
  };
}
