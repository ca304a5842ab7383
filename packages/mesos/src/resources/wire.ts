import { create } from '@bufbuild/protobuf';
import { MesosError } from '../errors.ts';
import {
  type Resource,
  Resource_ReservationInfo_Type,
  Resource_ReservationInfoSchema,
  type Resource_ReservationInfoValid,
  Resource_RevocableInfoSchema,
  Resource_SharedInfoSchema,
  ResourceSchema,
  type ResourceValid,
} from '../generated/mesos/v1/resource_pb.ts';
import {
  ResourceProviderIDSchema,
  Value_RangesSchema,
  Value_ScalarSchema,
  Value_SetSchema,
  Value_Type,
} from '../generated/mesos/v1/values_pb.ts';
import { type ResourceEntry, rangesEntry, scalarEntry, setEntry } from './entry.ts';
import { type ResourceFormat, setResourceFormat } from './format.ts';
import { makeKind, plainKind, type ResourceKind, withAllocation } from './kind.ts';
import { coalesce, pairsOf } from './ranges.ts';
import { fromThousandths, toThousandths } from './scalar.ts';
import { resourceError } from './validate.ts';

function reservationsOf(resource: ResourceValid): readonly Resource_ReservationInfoValid[] {
  if (resource.reservations.length > 0) return resource.reservations;
  if (resource.role === '*') return [];
  const { role, reservation } = resource;
  const type =
    reservation === undefined ? Resource_ReservationInfo_Type.STATIC : Resource_ReservationInfo_Type.DYNAMIC;
  const result = create(Resource_ReservationInfoSchema, { type, role });
  if (reservation !== undefined) {
    if (Object.hasOwn(reservation, 'principal')) result.principal = reservation.principal;
    if (reservation.labels !== undefined) result.labels = reservation.labels;
  }
  return [result];
}

const typeNames: Partial<Record<Value_Type, ResourceKind['type']>> = {
  [Value_Type.SCALAR]: 'scalar',
  [Value_Type.RANGES]: 'ranges',
  [Value_Type.SET]: 'set',
};

function kindOf(resource: ResourceValid, type: ResourceKind['type']): ResourceKind {
  const { name, disk, revocable, shared, providerId, allocationInfo } = resource;
  const reservations = reservationsOf(resource);
  const allocatedTo = allocationInfo?.role;
  if (
    reservations.length === 0 &&
    disk === undefined &&
    revocable === undefined &&
    shared === undefined &&
    providerId === undefined
  ) {
    return withAllocation(plainKind(name, type), allocatedTo);
  }
  return makeKind({
    name,
    type,
    allocatedTo,
    reservations,
    disk,
    revocable: revocable !== undefined,
    shared: shared !== undefined,
    providerId: providerId?.value,
  });
}

/** Throws `MesosError` (`invalid`) for a resource that is not valid; the message is Mesos' own. */
export function entryFromMessage(resource: Resource): ResourceEntry {
  const error = resourceError(resource);
  if (error !== undefined) throw new MesosError(error, { code: 'invalid' });
  const type = typeNames[resource.type] ?? 'scalar';
  const kind = kindOf(resource as ResourceValid, type);
  switch (type) {
    case 'scalar':
      return scalarEntry(kind, toThousandths(resource.scalar?.value ?? 0));
    case 'ranges': {
      const pairs = resource.ranges?.range ?? [];
      return rangesEntry(
        kind,
        coalesce(pairs.map(({ begin, end }) => [Number(begin), Number(end)] as const)),
      );
    }
    case 'set':
      return setEntry(kind, resource.set?.item ?? []);
  }
}

function setAmount(resource: Resource, { kind, thousandths, ranges, items }: ResourceEntry): void {
  switch (kind.type) {
    case 'scalar':
      resource.type = Value_Type.SCALAR;
      resource.scalar = create(Value_ScalarSchema, { value: fromThousandths(thousandths) });
      break;
    case 'ranges': {
      const range = Array.from(pairsOf(ranges), ([begin, end]) => ({
        begin: BigInt(begin),
        end: BigInt(end),
      }));
      resource.type = Value_Type.RANGES;
      resource.ranges = create(Value_RangesSchema, { range });
      break;
    }
    case 'set':
      resource.type = Value_Type.SET;
      resource.set = create(Value_SetSchema, { item: [...items] });
  }
}

/**
 * A message of its own each time: there are three for each offer and each task. The disk, the
 * reservations and the allocation in it are shared with the kind: do not change these.
 * Throws `MesosError` (`invalid`) for a refined reservation in the format `role`.
 */
export function entryToMessage(entry: ResourceEntry, format: ResourceFormat = 'stack'): ResourceValid {
  const { kind } = entry;
  const resource = create(ResourceSchema);
  resource.name = kind.name;
  setAmount(resource, entry);
  if (kind.reservations.length > 0) resource.reservations = [...kind.reservations];
  if (kind.providerId !== undefined) {
    resource.providerId = create(ResourceProviderIDSchema, { value: kind.providerId });
  }
  if (kind.allocationInfo !== undefined) resource.allocationInfo = kind.allocationInfo;
  if (kind.disk !== undefined) resource.disk = kind.disk;
  if (kind.revocable) resource.revocable = create(Resource_RevocableInfoSchema);
  if (kind.shared) resource.shared = create(Resource_SharedInfoSchema);
  if (format !== 'stack') setResourceFormat(resource, format);
  return resource as ResourceValid;
}
