/** Protobuf on the wire, written and changed without what writes it in the product. */
/** A field of protobuf: text, bytes or fields by their number and length, numbers as varints. */
export function field(number: number, value: string | Buffer | number): Buffer {
  if (typeof value === 'number') return Buffer.from([number << 3, value]);
  const bytes = Buffer.from(value);
  if (bytes.length > 127)
    throw new RangeError(`${bytes.length} bytes: lengths beyond 127 are not written here`);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
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
