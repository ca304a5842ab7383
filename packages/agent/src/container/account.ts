/** Users by name or number, as `/etc/passwd` and `/etc/group` of the container's root file system have them. Pure. */
import { AgentError } from '../errors.ts';

export interface Account {
  uid: number;
  gid: number;
  additionalGids: readonly number[];
  home: string;
}

export const rootAccount: Account = { uid: 0, gid: 0, additionalGids: [], home: '/root' };

const linesOf = (text: string) => text.split('\n').map((line) => line.split(':'));
const isNumber = (text: string) => /^\d+$/.test(text);

/**
 * @param user `name`, `uid`, or either with `:group`
 * @throws AgentError `InvalidContainer` when there is no such user or group
 */
export function findAccount(user: string, passwd: string, group: string): Account {
  const [name = '', groupName] = user.split(':');
  const entry = linesOf(passwd).find(([login, , uid]) => login === name || (isNumber(name) && uid === name));
  if (entry === undefined && !isNumber(name)) {
    throw new AgentError(
      'InvalidContainer',
      `there is no user "${name}" here; give one that exists, or a number`,
    );
  }
  const [login, , uid = name, gid = '0', , home = '/'] = entry ?? [name];
  const groups = linesOf(group);
  const additionalGids = groups
    .filter(([, , , members]) => (members ?? '').split(',').includes(login ?? name))
    .map(([, , id]) => Number(id));
  return { uid: Number(uid), gid: groupId(groupName, groups) ?? Number(gid), additionalGids, home };
}

function groupId(name: string | undefined, groups: string[][]): number | undefined {
  if (name === undefined || isNumber(name)) return name === undefined ? undefined : Number(name);
  const found = groups.find(([groupName]) => groupName === name);
  if (found === undefined) throw new AgentError('InvalidContainer', `there is no group "${name}" here`);
  return Number(found[2]);
}
