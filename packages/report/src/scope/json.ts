/** Reading JSON that anybody may have sent. */
export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {});
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
export const numberOf = (value: unknown, otherwise = 0): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
export const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Milliseconds since 1970; `otherwise` for what is no time. */
export function timeOf(value: unknown, otherwise: number): number {
  const timeMs = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isFinite(timeMs) && timeMs > 0 ? timeMs : otherwise;
}
