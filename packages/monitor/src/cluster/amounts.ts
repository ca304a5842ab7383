/** Sums of resources by name, in whole thousandths, so that what is added can be taken away again without a rest. */
import { fromThousandths, type ResourceValid, toThousandths } from '@orchestrator/mesos';
import type { Quantities } from '../schema/index.ts';

/** Thousandths by name; of ranges and sets, how many items there are, times a thousand. */
export type Amounts = ReadonlyMap<string, number>;

export const noAmounts: Amounts = new Map();

function amountOf({ scalar, ranges, set }: ResourceValid): number {
  if (scalar !== undefined) return toThousandths(scalar.value);
  const ports = (ranges?.range ?? []).reduce((sum, { begin, end }) => sum + Number(end - begin) + 1, 0);
  return 1_000 * (ports + (set?.item.length ?? 0));
}

export function amountsOf(resources: readonly ResourceValid[]): Amounts {
  if (resources.length === 0) return noAmounts;
  const amounts = new Map<string, number>();
  for (const resource of resources) {
    amounts.set(resource.name, (amounts.get(resource.name) ?? 0) + amountOf(resource));
  }
  return amounts;
}

/** `sum` is changed; names of which nothing is left are no longer in it. */
export function addTo(sum: Map<string, number>, amounts: Amounts, sign: 1 | -1 = 1): void {
  for (const [name, amount] of amounts) {
    const left = (sum.get(name) ?? 0) + sign * amount;
    if (left === 0) sum.delete(name);
    else sum.set(name, left);
  }
}

export const toQuantities = (amounts: Amounts): Quantities =>
  Object.fromEntries(Array.from(amounts, ([name, amount]) => [name, fromThousandths(amount)]));

export const toAmounts = (quantities: Quantities): Amounts =>
  new Map(Object.entries(quantities).map(([name, value]) => [name, toThousandths(value)]));

/** The role that resources are allocated to; empty if none says. */
export const roleOf = (resources: readonly ResourceValid[]): string =>
  resources.find(({ allocationInfo }) => allocationInfo !== undefined)?.allocationInfo?.role ?? '';
