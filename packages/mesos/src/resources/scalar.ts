/**
 * Scalars are counted in thousandths, as whole numbers: three decimals count in Mesos, the rest is noise of floating
 * point. Exact up to 2^53 thousandths.
 */

/** Rounds half away from zero. Not finite in, not finite out. */
export function toThousandths(value: number): number {
  return value < 0 ? -Math.round(-value * 1000) : Math.round(value * 1000);
}

/** Whole part and rest apart, so that the result is the double a Mesos master would show. */
export function fromThousandths(thousandths: number): number {
  return Math.trunc(thousandths / 1000) + (thousandths % 1000) / 1000;
}

/** `6.8`, `8192`: up to 15 significant digits, without trailing zeros. */
export function formatThousandths(thousandths: number): string {
  const value = fromThousandths(thousandths);
  if (value !== 0 && (Math.abs(value) >= 1e15 || Math.abs(value) < 1e-4)) {
    return value
      .toExponential(14)
      .replace(/\.?0+e/, 'e')
      .replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return String(Number(value.toPrecision(15)));
}
