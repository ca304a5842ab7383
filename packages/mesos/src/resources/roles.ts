// Tab to carriage return, space, delete.
const forbidden = /[\t-\r \x7f]/;

function componentError(role: string, component: string): string | undefined {
  if (component === '.' || component === '..' || component === '*') {
    return `Role '${role}' cannot include '${component}' as a component`;
  }
  if (component.startsWith('-')) {
    return `Role component '${component}' is invalid because it starts with a dash`;
  }
  if (forbidden.test(component)) {
    return `Role component '${component}' is invalid because it contains backspace or whitespace`;
  }
  return undefined;
}

/** Why this is no role, in Mesos' words; undefined for a valid one. Roles are paths (`eng/web`); `*` is that of nobody. */
export function roleError(role: string): string | undefined {
  if (role === '*') return undefined;
  if (role.startsWith('/')) return `Role '${role}' cannot start with a slash`;
  if (role.endsWith('/')) return `Role '${role}' cannot end with a slash`;
  if (role.includes('//')) return `Role '${role}' cannot contain two adjacent slashes`;
  if (role === '') return 'Role names cannot be the empty string';
  for (const component of role.split('/')) {
    const error = componentError(role, component);
    if (error !== undefined) return error;
  }
  return undefined;
}

/** `eng/web` is a strict subrole of `eng`; no role is one of itself. */
export function isStrictSubrole(role: string, ancestor: string): boolean {
  return role.length > ancestor.length && role.startsWith(ancestor) && role[ancestor.length] === '/';
}

/** The role itself or a strict subrole of it. */
export function isInSubtree(role: string, root: string): boolean {
  return role === root || isStrictSubrole(role, root);
}
