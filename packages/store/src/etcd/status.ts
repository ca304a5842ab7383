/** What a failed call means: to the caller, and for the question whether to try again. */
import { status } from '@grpc/grpc-js';
import { StoreError, type StoreErrorCode } from '../errors.ts';

export interface Verdict {
  error: StoreError;
  /** Another try, perhaps at another server, may succeed. */
  passing: boolean;
  /** The server cannot have done it. */
  surelyNotDone: boolean;
  /** The token is to be asked for anew. */
  staleToken?: boolean;
}

interface Failure {
  code: number;
  details: string;
}

function failureOf(error: unknown): Failure | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, details } = error as Partial<Failure>;
  return typeof code === 'number' ? { code, details: details ?? '' } : undefined;
}

/** Refused before it was proposed to the cluster. */
const notProposed = /no leader|too many requests|No connection established|Channel has been shut down/;

interface Rule {
  when: (failure: Failure) => boolean;
  code: StoreErrorCode;
  remedy?: string;
  staleToken?: true;
}

const says = (pattern: RegExp) => (failure: Failure) => pattern.test(failure.details);

const rules: readonly Rule[] = [
  { when: says(/lease not found/), code: 'lease-lost' },
  { when: says(/revision has been compacted/), code: 'compacted' },
  {
    when: says(/database space exceeded/),
    code: 'unavailable',
    remedy: 'raise --quota-backend-bytes or compact and defragment etcd, then run "etcdctl alarm disarm"',
  },
  {
    when: says(/request is too large|too many operations/),
    code: 'limit',
    remedy: 'raise --max-request-bytes of etcd',
  },
  {
    when: says(/invalid auth token|revision of auth store is old/),
    code: 'unauthenticated',
    staleToken: true,
  },
  {
    when: says(/authentication failed|user name is empty|authentication is not enabled/),
    code: 'unauthenticated',
    remedy: 'check user and password of the store, and "etcdctl auth status"',
  },
  {
    when: ({ code }) => code === status.PERMISSION_DENIED,
    code: 'forbidden',
    remedy: "grant the store's user read and write on its prefix",
  },
];

const passingCodes = new Set<number>([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.CANCELLED,
  status.UNKNOWN,
  status.INTERNAL,
  status.RESOURCE_EXHAUSTED,
]);

/** @param isWrite the call may have changed something, had it arrived */
export function judge(host: string, error: unknown, isWrite: boolean): Verdict {
  const failure = failureOf(error);
  if (failure === undefined) {
    const wrapped = new StoreError(`etcd at ${host}: ${String(error)}`, { code: 'internal', cause: error });
    return { error: error instanceof StoreError ? error : wrapped, passing: false, surelyNotDone: false };
  }
  const message = `etcd at ${host}: ${failure.details || (status[failure.code] ?? failure.code)}`;
  const rule = rules.find((candidate) => candidate.when(failure));
  if (rule !== undefined) {
    const { code, remedy, staleToken = false } = rule;
    const made = new StoreError(message, { code, cause: error, ...(remedy === undefined ? {} : { remedy }) });
    return { error: made, passing: false, surelyNotDone: true, staleToken };
  }
  if (!passingCodes.has(failure.code)) {
    const made = new StoreError(message, { code: 'internal', cause: error });
    return { error: made, passing: false, surelyNotDone: false };
  }
  const surelyNotDone = notProposed.test(failure.details);
  const unknown = isWrite && !surelyNotDone;
  const made = unknown
    ? new StoreError(`${message}; the write may or may not have been done`, {
        code: 'outcome-unknown',
        cause: error,
        remedy: 'read before repeating it',
      })
    : new StoreError(message, { code: 'unavailable', retryable: true, cause: error });
  return { error: made, passing: true, surelyNotDone };
}
