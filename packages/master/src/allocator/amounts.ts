import { isReserved, type ResourceKind, type Resources } from '@orchestrator/mesos';

/**
 * Scalars as the allocator counts them: thousandths (Mesos keeps three decimals), one number for each resource name, by
 * the index that the name was given when it was first seen. Sums stay exact up to 2^53 thousandths.
 */
export type Amounts = readonly number[];

/** Names beyond this many are refused: they come from agents, and each costs a place in every array. */
const mostScalarNames = 256;

/** The index of each scalar resource name in `Amounts`. */
export class ScalarNames {
  readonly #indexes = new Map<string, number>();
  readonly #names: string[] = [];

  get names(): readonly string[] {
    return this.#names;
  }

  /** @throws RangeError when there are more names than an allocator keeps apart. */
  indexOf(name: string): number {
    const known = this.#indexes.get(name);
    if (known !== undefined) return known;
    if (this.#names.length === mostScalarNames) {
      throw new RangeError(
        `scalar resource "${name}" is one name too many: at most ${mostScalarNames} are kept apart`,
      );
    }
    this.#indexes.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }
}

export function addTo(sum: number[], amounts: Amounts): void {
  for (let index = 0; index < amounts.length; index++) sum[index] = (sum[index] ?? 0) + (amounts[index] ?? 0);
}

export function subtractFrom(sum: number[], amounts: Amounts): void {
  for (let index = 0; index < amounts.length; index++) sum[index] = (sum[index] ?? 0) - (amounts[index] ?? 0);
}

/** The scalars of `resources` that are wanted, summed by name. */
export function amountsOf(
  resources: Resources,
  names: ScalarNames,
  isWanted: (kind: ResourceKind) => boolean = () => true,
): Amounts {
  const sum: number[] = [];
  for (const { kind, thousandths } of resources) {
    if (kind.type !== 'scalar' || !isWanted(kind)) continue;
    const index = names.indexOf(kind.name);
    while (sum.length <= index) sum.push(0);
    sum[index] = (sum[index] ?? 0) + thousandths;
  }
  return sum;
}

/** What quota is counted in and what a role without reservations can be given for good. */
export function isFree(kind: ResourceKind): boolean {
  return !isReserved(kind) && !kind.revocable;
}
