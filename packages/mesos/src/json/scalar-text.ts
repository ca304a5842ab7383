// What JSON.stringify would escape; a string without any of it is its own text. Lone surrogates are escaped too.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
const needsEscape = /["\\\u0000-\u001f\ud800-\udfff]/;

export function stringText(value: string): string {
  return needsEscape.test(value) ? JSON.stringify(value) : `"${value}"`;
}

/**
 * A double as Mesos writes it: always with a point or an exponent (`8.0`, `0.1`, `1e30`), so that it can be told from a
 * whole number. JSON has no infinities: these are strings, which Mesos reads; NaN is `null`.
 */
export function doubleText(value: number): string {
  if (Number.isInteger(value)) {
    const text = Object.is(value, -0) ? '-0' : String(value);
    return text.includes('e') ? text.replace('e+', 'e') : `${text}.0`;
  }
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'null';
  return value > 0 ? '"Infinity"' : '"-Infinity"';
}

export function bytesText(value: Uint8Array): string {
  return `"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}"`;
}
