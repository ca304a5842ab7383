import { type Amounts, addTo, subtractFrom } from './amounts.ts';

/** What a role is promised and what it may have, by scalar. An absent limit is `Infinity`, an absent guarantee 0. */
export interface RoleQuota {
  readonly guarantees: Amounts;
  readonly limits: Amounts;
}

/** Quota is set for top-level roles only; what roles below them use counts for them. */
export function quotaRoleOf(role: string): string {
  const cut = role.indexOf('/');
  return cut === -1 ? role : role.slice(0, cut);
}

/**
 * Quotas, and what each top-level role consumes: its reservations, allocated or not, and the unreserved resources that
 * are allocated or offered to it. The sum of what is promised and not yet consumed (the required headroom) is kept up
 * to date with each change, so that a cycle never has to go through all roles for it.
 */
export class QuotaBook {
  readonly #quotas = new Map<string, RoleQuota>();
  readonly #consumed = new Map<string, number[]>();
  readonly #unsatisfied = new Set<string>();
  readonly #required: number[] = [];
  #guarantees = 0;

  /** Promised to roles and not yet consumed by them. */
  get requiredHeadroom(): Amounts {
    return this.#required;
  }

  /** Any role has a guarantee, satisfied or not. */
  get hasGuarantees(): boolean {
    return this.#guarantees > 0;
  }

  /** Top-level roles that have not got all that is promised to them. */
  get unsatisfied(): ReadonlySet<string> {
    return this.#unsatisfied;
  }

  /** Of a top-level role; `undefined` takes the quota away. */
  set(role: string, quota: RoleQuota | undefined): void {
    this.#uncount(role);
    if (hasGuarantee(this.#quotas.get(role))) this.#guarantees--;
    if (quota === undefined) this.#quotas.delete(role);
    else this.#quotas.set(role, quota);
    if (hasGuarantee(quota)) this.#guarantees++;
    this.#count(role);
  }

  quotaOf(role: string): RoleQuota | undefined {
    return this.#quotas.get(quotaRoleOf(role));
  }

  consumedBy(role: string): Amounts {
    return this.#consumed.get(quotaRoleOf(role)) ?? [];
  }

  consume(role: string, amounts: Amounts): void {
    this.#change(quotaRoleOf(role), (consumed) => addTo(consumed, amounts));
  }

  release(role: string, amounts: Amounts): void {
    this.#change(quotaRoleOf(role), (consumed) => subtractFrom(consumed, amounts));
  }

  /** What is still promised to the role of a scalar. */
  guaranteeLeft(role: string, index: number): number {
    const guarantee = this.quotaOf(role)?.guarantees[index] ?? 0;
    return Math.max(0, guarantee - (this.consumedBy(role)[index] ?? 0));
  }

  /** How much more of a scalar the role may have; `Infinity` where it has no limit. */
  limitLeft(role: string, index: number): number {
    const limit = this.quotaOf(role)?.limits[index] ?? Number.POSITIVE_INFINITY;
    return Math.max(0, limit - (this.consumedBy(role)[index] ?? 0));
  }

  #change(role: string, change: (consumed: number[]) => void): void {
    this.#uncount(role);
    const consumed = this.#consumed.get(role) ?? [];
    change(consumed);
    if (consumed.every((amount) => amount === 0)) this.#consumed.delete(role);
    else this.#consumed.set(role, consumed);
    this.#count(role);
  }

  /** Takes what is promised to the role out of the required headroom, before that changes. */
  #uncount(role: string): void {
    const guarantees = this.#quotas.get(role)?.guarantees ?? [];
    for (let index = 0; index < guarantees.length; index++) {
      this.#required[index] = (this.#required[index] ?? 0) - this.guaranteeLeft(role, index);
    }
    this.#unsatisfied.delete(role);
  }

  #count(role: string): void {
    const guarantees = this.#quotas.get(role)?.guarantees ?? [];
    for (let index = 0; index < guarantees.length; index++) {
      const left = this.guaranteeLeft(role, index);
      this.#required[index] = (this.#required[index] ?? 0) + left;
      if (left > 0) this.#unsatisfied.add(role);
    }
  }
}

function hasGuarantee(quota: RoleQuota | undefined): boolean {
  return quota?.guarantees.some((guarantee) => guarantee > 0) ?? false;
}
