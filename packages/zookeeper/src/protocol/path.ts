import { ZooKeeperError } from '../errors.ts';

function describeIllegal(unit: number): string {
  return `U+${unit.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** The ranges that servers refuse: control characters, surrogates, private use, and the block of the specials. */
function isIllegal(unit: number): boolean {
  return (
    unit < 0x20 ||
    (unit > 0x7e && unit < 0xa0) ||
    (unit >= 0xd800 && unit <= 0xf8ff) ||
    (unit >= 0xfff0 && unit <= 0xffff)
  );
}

function isRelative(path: string, start: number, end: number): boolean {
  const length = end - start;
  if (length > 2 || path.charCodeAt(start) !== 0x2e) return false;
  return length === 1 || path.charCodeAt(start + 1) === 0x2e;
}

/**
 * Why a server would refuse `path`, or `undefined` when it would not. The rules are those of the servers' own check; they
 * hold the surrogates illegal, so no character beyond U+FFFF can be part of a path.
 */
export function pathProblem(path: string): string | undefined {
  if (typeof path !== 'string') return `is ${String(path)}, not a string`;
  if (path.length === 0) return 'is empty; it must start with "/"';
  if (path.charCodeAt(0) !== 0x2f) return 'does not start with "/"';
  if (path.length === 1) return undefined;
  if (path.charCodeAt(path.length - 1) === 0x2f) return 'ends with "/"';
  let nameStart = 1;
  for (let i = 1; i <= path.length; i++) {
    const unit = i === path.length ? 0x2f : path.charCodeAt(i);
    if (unit === 0x2f) {
      if (i === nameStart) return `has an empty name at index ${i}`;
      if (isRelative(path, nameStart, i))
        return `has a relative name "${path.slice(nameStart, i)}" at index ${nameStart}`;
      nameStart = i + 1;
    } else if (isIllegal(unit)) {
      return `has the illegal character ${describeIllegal(unit)} at index ${i}`;
    }
  }
  return undefined;
}

/** Throws `InvalidPath`, saying which character or name is wrong. A sequential create may end with "/". */
export function checkPath(path: string, options?: { sequential?: boolean }): void {
  const checked =
    options?.sequential === true && typeof path === 'string' && path.endsWith('/') ? `${path}1` : path;
  const problem = pathProblem(checked);
  if (problem === undefined) return;
  throw new ZooKeeperError('InvalidPath', `path ${JSON.stringify(path)} ${problem}`, { path });
}

/** `path` as the server knows it. */
export function withChroot(chroot: string, path: string): string {
  if (chroot === '') return path;
  return path === '/' ? chroot : chroot + path;
}

/** A server's path as the caller knows it. One outside the chroot, which no request of ours can name, stays as it is. */
export function withoutChroot(chroot: string, path: string): string {
  if (chroot === '' || !path.startsWith(chroot)) return path;
  if (path.length === chroot.length) return '/';
  return path.charCodeAt(chroot.length) === 0x2f ? path.slice(chroot.length) : path;
}

export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

/** Joins a node's path and the name of a child. */
export function childPath(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}
