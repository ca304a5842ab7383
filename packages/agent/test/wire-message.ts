/** Protobuf on the wire, written and changed without what writes it in the product. */
/** A field of protobuf: text, bytes or fields by their number and length, numbers as varints. */
export function field(number: number, value: string | Buffer | number): Buffer {
  if (typeof value === 'number') return Buffer.from([...varint(number << 3), ...varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([...varint((number << 3) | 2), ...varint(bytes.length)]), bytes]);
}

/** Of a whole number that is not negative. */
function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))];
}

/** The bytes with others of the same length in the place of some. */
export function replaced(
  bytes: Buffer,
  ...pairs: readonly (readonly [Buffer | string, Buffer | string])[]
): Buffer {
  const result = Buffer.from(bytes);
  for (const [before, after] of pairs) {
    const [old, next] = [Buffer.from(before), Buffer.from(after)];
    if (old.length !== next.length) throw new RangeError(`${old.length} bytes cannot become ${next.length}`);
    let at = result.indexOf(old);
    if (at === -1) throw new RangeError(`there is no ${old.toString('hex')}`);
    for (; at !== -1; at = result.indexOf(old, at + old.length)) next.copy(result, at);
  }
  return result;
}

/** `a.b[]` for everything that is set, in alphabetical order. */
export function shapeOf(json: unknown, path = ''): string[] {
  if (typeof json !== 'object' || json === null) return [path];
  const entries: [string, unknown][] = Array.isArray(json)
    ? json.map((item) => [`${path}[]`, item])
    : Object.entries(json).map(([name, value]) => [path === '' ? name : `${path}.${name}`, value]);
  return [...new Set(entries.flatMap(([name, value]) => shapeOf(value, name)))].sort();
}
