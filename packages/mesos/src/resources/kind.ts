import type {
  Resource_AllocationInfoValid,
  Resource_DiskInfoValid,
  Resource_ReservationInfoValid,
} from '../generated/mesos/v1/resource_pb.ts';
import {
  Resource_AllocationInfoSchema,
  Resource_DiskInfo_Source_Type,
  Resource_ReservationInfo_Type,
} from '../generated/mesos/v1/resource_pb.ts';
import type { Labels } from '../generated/mesos/v1/values_pb.ts';
import { makeMessage } from '../messages/message.ts';
import { isInSubtree } from './roles.ts';

/** What sets a resource apart from others of its name. Two resources add up if their kinds have the same `key`. */
export interface ResourceKind {
  readonly name: string;
  readonly type: 'scalar' | 'ranges' | 'set';
  /** The role it is allocated to; undefined while it is offered to nobody. */
  readonly allocatedTo: string | undefined;
  /** As messages say it: one for all of them. */
  readonly allocationInfo: Resource_AllocationInfoValid | undefined;
  /** Who it is reserved for: each reservation refines the one before, the last one counts. */
  readonly reservations: readonly Resource_ReservationInfoValid[];
  readonly disk: Resource_DiskInfoValid | undefined;
  readonly revocable: boolean;
  readonly shared: boolean;
  readonly providerId: string | undefined;
  /** Indivisible: a persistent volume, a MOUNT or BLOCK disk, a RAW disk with an id. Taken as a whole or not at all. */
  readonly exclusive: boolean;
  readonly key: string;
}

export type KindFacts = Omit<ResourceKind, 'allocationInfo' | 'exclusive' | 'key'>;

function labelsKey(labels: Labels | undefined): unknown {
  // Order does not count among labels of a reservation.
  return labels?.labels.map((label) => JSON.stringify([label.key, label.value])).sort();
}

function own<T extends object, K extends keyof T>(message: T, name: K): T[K] | undefined {
  return Object.hasOwn(message, name) ? message[name] : undefined;
}

function diskKey(disk: Resource_DiskInfoValid | undefined): unknown {
  if (disk === undefined) return undefined;
  const { source, persistence } = disk; // not the volume: it says how the disk is used, not what it is
  const sourceKey = source && [
    source.type,
    source.path && [own(source.path, 'root')],
    source.mount && [own(source.mount, 'root')],
    own(source, 'vendor'),
    own(source, 'id'),
    labelsKey(source.metadata),
    own(source, 'profile'),
  ];
  return [sourceKey, persistence?.id];
}

function keyOf(facts: KindFacts): string {
  const { name, type, allocatedTo, reservations, disk, revocable, shared, providerId } = facts;
  if (reservations.length === 0 && disk === undefined && !revocable && !shared && providerId === undefined) {
    return allocatedTo === undefined ? `${type}\0${name}` : `${type}\0${name}\0${allocatedTo}`;
  }
  const stack = reservations.map((reservation) => [
    reservation.type,
    reservation.role,
    own(reservation, 'principal'),
    labelsKey(reservation.labels),
  ]);
  return JSON.stringify([type, name, allocatedTo, stack, diskKey(disk), revocable, shared, providerId]);
}

function isExclusive(disk: Resource_DiskInfoValid | undefined): boolean {
  if (disk === undefined) return false;
  if (disk.persistence !== undefined) return true;
  switch (disk.source?.type) {
    case Resource_DiskInfo_Source_Type.MOUNT:
    case Resource_DiskInfo_Source_Type.BLOCK:
      return true;
    case Resource_DiskInfo_Source_Type.RAW:
      return Object.hasOwn(disk.source, 'id');
    default:
      return false;
  }
}

export function makeKind(facts: KindFacts): ResourceKind {
  const { allocatedTo: role } = facts;
  const allocationInfo =
    role === undefined ? undefined : makeMessage(Resource_AllocationInfoSchema, { role });
  return { ...facts, allocationInfo, exclusive: isExclusive(facts.disk), key: keyOf(facts) };
}

/** Names come from agents and frameworks: beyond this many, plain kinds are made anew each time. */
const mostPlainKinds = 1_024;
const plainKinds = new Map<string, ResourceKind>();

/** The kind of what is unreserved, unallocated and no disk with a story: nearly all resources. */
export function plainKind(name: string, type: ResourceKind['type']): ResourceKind {
  const key = `${type}\0${name}`;
  const known = plainKinds.get(key);
  if (known !== undefined) return known;
  const kind = makeKind({
    name,
    type,
    allocatedTo: undefined,
    reservations: [],
    disk: undefined,
    revocable: false,
    shared: false,
    providerId: undefined,
  });
  if (plainKinds.size < mostPlainKinds) plainKinds.set(key, kind);
  return kind;
}

/** Roles that one kind remembers its allocated twins for. */
const mostTwins = 1_024;
type Twins = Map<string | undefined, ResourceKind>;
/** One for all twins together: from any of them the others are found, and back again, however often. */
const twinsOf = new WeakMap<ResourceKind, Twins>();

function ensureTwins(kind: ResourceKind): Twins {
  let twins = twinsOf.get(kind);
  if (twins === undefined) {
    twins = new Map([[kind.allocatedTo, kind]]);
    twinsOf.set(kind, twins);
  }
  return twins;
}

/** The same kind allocated to a role, or to nobody. */
export function withAllocation(kind: ResourceKind, role: string | undefined): ResourceKind {
  if (kind.allocatedTo === role) return kind;
  const twins = ensureTwins(kind);
  let twin = twins.get(role);
  if (twin === undefined) {
    twin = makeKind({ ...kind, allocatedTo: role });
    twinsOf.set(twin, twins);
    if (twins.size < mostTwins) twins.set(role, twin);
  }
  return twin;
}

export const isReserved = (kind: ResourceKind) => kind.reservations.length > 0;
export const reservationRole = (kind: ResourceKind) => kind.reservations.at(-1)?.role;
export const isPersistentVolume = (kind: ResourceKind) => kind.disk?.persistence !== undefined;

export function isDynamicallyReserved(kind: ResourceKind): boolean {
  return kind.reservations.at(-1)?.type === Resource_ReservationInfo_Type.DYNAMIC;
}

/** Unreserved, or reserved for the role or for one above it. */
export function isAllocatableTo(kind: ResourceKind, role: string): boolean {
  const reservedFor = reservationRole(kind);
  return reservedFor === undefined || isInSubtree(role, reservedFor);
}
