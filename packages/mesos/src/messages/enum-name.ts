/** The name of a value of a generated enum; the number itself when it is not one of its. */
export function nameOfEnum(values: Readonly<Record<string, number>>, value: number): string {
  for (const name in values) if (values[name] === value) return name;
  return String(value);
}
