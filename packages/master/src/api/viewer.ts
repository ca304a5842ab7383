/** What a principal may see. Whatever an API shows of the state goes through here. */
import type { AclAction, Acls, ResourceKind, Resources } from '@orchestrator/mesos';
import type { ExecutorRecord, FrameworkRecord, TaskRecord } from '../core/records.ts';

export interface Viewer {
  /** Nothing is hidden: filters give back what they are given. */
  readonly seesAll: boolean;
  framework(framework: Pick<FrameworkRecord, 'info'>): boolean;
  /** Of a framework that may be seen itself. */
  task(framework: Pick<FrameworkRecord, 'info'>, task: Pick<TaskRecord, 'message'>): boolean;
  role(role: string): boolean;
  frameworks(list: Iterable<FrameworkRecord>): Iterable<FrameworkRecord>;
  tasks(framework: FrameworkRecord, list: Iterable<TaskRecord>): Iterable<TaskRecord>;
  executors(framework: FrameworkRecord | undefined, list: Iterable<ExecutorRecord>): Iterable<ExecutorRecord>;
  /** Those that are reserved for, and allocated to, roles that may be seen. */
  resources(resources: Resources): Resources;
  permits(action: AclAction, object?: string): boolean;
}

const hiding: readonly AclAction[] = ['view_framework', 'view_task', 'view_executor', 'view_role'];

export function createViewer(acls: Acls, principal: string | undefined): Viewer {
  const seesAll = hiding.every((action) => acls.isOpen(action));
  const permits = (action: AclAction, object?: string) => acls.permits(action, principal, object);
  const role = (name: string) => permits('view_role', name);
  const framework = ({ info }: Pick<FrameworkRecord, 'info'>) => permits('view_framework', info.user);
  const task = ({ info }: Pick<FrameworkRecord, 'info'>, { message }: Pick<TaskRecord, 'message'>) =>
    permits('view_task', message.user === '' ? info.user : message.user);
  const executor = (of: FrameworkRecord | undefined, { info }: ExecutorRecord) => {
    const user = info.command?.user ?? '';
    return permits('view_executor', user === '' ? of?.info.user : user);
  };
  const isSeen = ({ reservations, allocatedTo }: ResourceKind) =>
    reservations.every((each) => role(each.role)) && (allocatedTo === undefined || role(allocatedTo));
  const filtered = <Item>(list: Iterable<Item>, sees: (item: Item) => boolean) =>
    seesAll ? list : [...list].filter(sees);
  return {
    ...{ seesAll, permits, role, framework, task },
    frameworks: (list) => filtered(list, framework),
    tasks: (of, list) => filtered(list, (each) => task(of, each)),
    executors: (of, list) => filtered(list, (each) => executor(of, each)),
    resources: (resources) => (seesAll ? resources : resources.filter(isSeen)),
  };
}
