/** Milliseconds since 1970 of a time in nanoseconds; `null` for none. */
export const msOf = (time: { readonly nanoseconds: bigint } | undefined): number | null =>
  time === undefined ? null : Number(time.nanoseconds / 1_000_000n);
