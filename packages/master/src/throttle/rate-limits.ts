/** `--rate_limits`, in Mesos' JSON: how many calls a second frameworks may make, by their principal. */
import { MasterError } from '../errors.ts';

export interface RateLimit {
  /** Calls a second. Undefined: as many as they like. */
  readonly qps: number | undefined;
  /** Calls that wait for their turn; more are dropped. */
  readonly capacity: number;
}

export interface RateLimits {
  readonly byPrincipal: ReadonlyMap<string, RateLimit>;
  /** All others together. */
  readonly others: RateLimit;
}

/** Where nobody says a capacity. */
export const defaultCapacity = 100_000;

export const noRateLimits: RateLimits = {
  byPrincipal: new Map(),
  others: { qps: undefined, capacity: defaultCapacity },
};

const problem = (what: string, cause?: unknown) =>
  new MasterError('config', `flag --rate_limits: ${what}`, {
    remedy: 'write {"limits": [{"principal": "…", "qps": 10, "capacity": 100}], "aggregate_default_qps": 50}',
    ...(cause === undefined ? {} : { cause }),
  });

function limitOf(name: string, qps: unknown, capacity: unknown): RateLimit {
  if (qps !== undefined && !(typeof qps === 'number' && qps > 0)) {
    throw problem(`qps of ${name} is ${JSON.stringify(qps)}, not a positive number`);
  }
  if (capacity !== undefined && !(Number.isSafeInteger(capacity) && Number(capacity) >= 0)) {
    throw problem(`capacity of ${name} is ${JSON.stringify(capacity)}, not a whole number`);
  }
  return { qps, capacity: capacity === undefined ? defaultCapacity : Number(capacity) };
}

interface Given {
  readonly limits?: unknown;
  readonly aggregate_default_qps?: unknown;
  readonly aggregate_default_capacity?: unknown;
}

/** @throws MasterError `config` */
export function parseRateLimits(text: string): RateLimits {
  let given: Given;
  try {
    given = JSON.parse(text) as Given;
  } catch (cause) {
    throw problem('it is no JSON', cause);
  }
  const { limits = [], aggregate_default_qps: qps, aggregate_default_capacity: capacity } = given;
  if (!Array.isArray(limits)) throw problem('"limits" is no list');
  const byPrincipal = new Map<string, RateLimit>();
  for (const entry of limits as readonly Record<string, unknown>[]) {
    const { principal } = entry;
    if (typeof principal !== 'string') throw problem('an entry has no principal');
    if (byPrincipal.has(principal)) throw problem(`principal ${principal} is there twice`);
    byPrincipal.set(principal, limitOf(principal, entry.qps, entry.capacity));
  }
  return { byPrincipal, others: limitOf('all others', qps, capacity) };
}
