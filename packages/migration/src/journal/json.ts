/** JSON of everything that records, facts and answers hold: 64-bit numbers become decimal strings, bytes become base64. */

/** @throws TypeError for cycles */
export function toJson(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key: string, converted: unknown) {
    // A buffer has turned itself into {type, data} by now; what it was stands in the object around it.
    const original = this[key];
    if (original instanceof Uint8Array) return Buffer.from(original).toString('base64');
    return typeof converted === 'bigint' ? converted.toString() : converted;
  });
}

/** As it would come back from the store or over the wire. */
export const plainJson = (value: unknown): unknown => JSON.parse(toJson(value) ?? 'null');
