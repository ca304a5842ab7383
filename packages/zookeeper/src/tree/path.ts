/** Whether `path` is `prefix` or below it. */
export function isWithin(path: string, prefix: string): boolean {
  if (prefix === '/') return true;
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 47);
}

export function nodeName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * Order of a walk: a parent before its children, siblings by name. Differs from the order of strings: `/a/b` comes before
 * `/a-b`. By UTF-16 unit is also by code point, as servers allow no surrogates in a path.
 */
export function comparePaths(a: string, b: string): number {
  if (a === b) return 0;
  if (a === '/') return -1;
  if (b === '/') return 1;
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left === right) continue;
    // A slash ends a name, so it sorts first.
    if (left === 47) return -1;
    return right === 47 ? 1 : left - right;
  }
  return a.length - b.length;
}
