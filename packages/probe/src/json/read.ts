/** Reads other programs' JSON with care: what is not of the kind that is asked for counts as absent. */
export type Json = Readonly<Record<string, unknown>>;

export const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
export const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);
export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const objectsOf = (value: unknown): Json[] => listOf(value).map(objectOf);

/** Texts of an object; numbers and booleans as they are written. */
export function textsOf(value: unknown): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [key, one] of Object.entries(objectOf(value))) {
    if (typeof one === 'string') texts[key] = one;
    else if (typeof one === 'number' || typeof one === 'boolean') texts[key] = String(one);
  }
  return texts;
}

/** Undefined for what is not there, so that no leaf is written for it. */
export const filled = (text: string): string | undefined => (text === '' ? undefined : text);
