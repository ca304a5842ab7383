import {
  type Resource,
  Resource_DiskInfo_Source_Type,
  Resource_ReservationInfo_Type,
} from '../generated/mesos/v1/resource_pb.ts';
import { type Value_Ranges, Value_Type } from '../generated/mesos/v1/values_pb.ts';
import { isStrictSubrole, roleError } from './roles.ts';
import { toThousandths } from './scalar.ts';

const has = (resource: Resource, name: keyof Resource) => Object.hasOwn(resource, name);

/** What is beyond it would be another number, and is refused rather than changed. */
export function rangeBoundError(name: string, bound: bigint): string | undefined {
  if (bound <= BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return `Invalid ranges resource: ${name} reaches ${bound}, and ${Number.MAX_SAFE_INTEGER} (2^53 - 1) is the last number here`;
}

function rangesError({ range }: Value_Ranges, name: string): string | undefined {
  const sorted = [...range].sort((left, right) => (left.begin < right.begin ? -1 : 1));
  let previousEnd = -1n;
  for (const { begin, end } of sorted) {
    if (begin > end) return 'Invalid ranges resource: begin > end';
    if (begin <= previousEnd) return 'Invalid ranges resource: overlapping ranges';
    const tooLarge = rangeBoundError(name, end);
    if (tooLarge !== undefined) return tooLarge;
    previousEnd = end;
  }
  return undefined;
}

function amountError(resource: Resource): string | undefined {
  const { scalar, ranges, set } = resource;
  switch (resource.type) {
    case Value_Type.SCALAR: {
      if (scalar === undefined || ranges !== undefined || set !== undefined) return 'Invalid scalar resource';
      const bad = scalar.value !== 0 && !(toThousandths(scalar.value) > 0);
      return bad || !Number.isFinite(scalar.value) ? 'Invalid scalar resource: value <= 0' : undefined;
    }
    case Value_Type.RANGES:
      if (scalar !== undefined || ranges === undefined || set !== undefined) return 'Invalid ranges resource';
      return rangesError(ranges, resource.name);
    case Value_Type.SET:
      if (scalar !== undefined || ranges !== undefined || set === undefined) return 'Invalid set resource';
      return new Set(set.item).size < set.item.length
        ? 'Invalid set resource: duplicated elements'
        : undefined;
    default:
      return 'Unsupported resource type';
  }
}

function diskError({ name, disk }: Resource): string | undefined {
  if (disk === undefined) return undefined;
  if (name !== 'disk') return `DiskInfo should not be set for ${name} resource`;
  const { source } = disk;
  if (source === undefined) return undefined;
  switch (source.type) {
    case Resource_DiskInfo_Source_Type.PATH:
    case Resource_DiskInfo_Source_Type.MOUNT:
      return undefined;
    case Resource_DiskInfo_Source_Type.BLOCK:
    case Resource_DiskInfo_Source_Type.RAW: {
      const type = source.type === Resource_DiskInfo_Source_Type.RAW ? 'RAW' : 'BLOCK';
      if (source.mount !== undefined) return `Mount should not be set for ${type} disk source`;
      if (source.path !== undefined) return `Path should not be set for ${type} disk source`;
      return undefined;
    }
    default:
      return "Unsupported 'DiskInfo.Source.Type'";
  }
}

function oldFormatError(resource: Resource): string | undefined {
  const error = roleError(resource.role);
  if (error !== undefined || resource.reservation === undefined) return error;
  if (Object.hasOwn(resource.reservation, 'type')) {
    return "'Resource.ReservationInfo.type' must not be set for the 'Resource.reservation' field";
  }
  if (Object.hasOwn(resource.reservation, 'role')) {
    return "'Resource.ReservationInfo.role' must not be set for the 'Resource.reservation' field";
  }
  return resource.role === '*' ? 'Invalid reservation: role "*" cannot be dynamically reserved' : undefined;
}

function stackError({ reservations }: Resource): string | undefined {
  let ancestor: string | undefined;
  for (const reservation of reservations) {
    if (!Object.hasOwn(reservation, 'type')) {
      return "Invalid reservation: 'Resource.ReservationInfo.type' field must be set.";
    }
    if (!Object.hasOwn(reservation, 'role')) {
      return "Invalid reservation: 'Resource.ReservationInfo.role' field must be set.";
    }
    const error = roleError(reservation.role);
    if (error !== undefined) return error;
    if (reservation.role === '*') return 'Invalid reservation: role "*" cannot be reserved';
  }
  for (const reservation of reservations) {
    if (ancestor !== undefined) {
      if (reservation.type === Resource_ReservationInfo_Type.STATIC) {
        return 'Invalid refined reservation: A refined reservation cannot be STATIC';
      }
      if (!isStrictSubrole(reservation.role, ancestor)) {
        return `Invalid refined reservation: role '${reservation.role}' is not a refinement of '${ancestor}'`;
      }
    }
    ancestor = reservation.role;
  }
  return undefined;
}

/** Both formats at once are fine as long as they say the same. */
function bothFormatsError(resource: Resource): string | undefined {
  const [reservation, ...refined] = resource.reservations;
  if (reservation === undefined) return undefined;
  const old = resource.reservation;
  if (refined.length > 0) {
    const field = has(resource, 'role') ? 'role' : old === undefined ? undefined : 'reservation';
    return field === undefined
      ? undefined
      : `Invalid resource format: 'Resource.${field}' must not be set if there is more than one reservation in 'Resource.reservations'`;
  }
  if (has(resource, 'role') && resource.role !== reservation.role) {
    return `Invalid resource format: 'Resource.role' field with '${resource.role}' does not match the role '${reservation.role}' in 'Resource.reservations'`;
  }
  switch (reservation.type) {
    case Resource_ReservationInfo_Type.STATIC:
      return old === undefined
        ? undefined
        : "Invalid resource format: 'Resource.reservation' must not be set if the single reservation in 'Resource.reservations' is STATIC";
    case Resource_ReservationInfo_Type.DYNAMIC:
      if (has(resource, 'role') !== (old !== undefined)) {
        return "Invalid resource format: 'Resource.role' and 'Resource.reservation' must either be both set or both not set if the single reservation in 'Resource.reservations' is DYNAMIC";
      }
      return old === undefined || old.principal === reservation.principal
        ? undefined
        : `Invalid resource format: 'Resource.reservation.principal' field with '${old.principal}' does not match the principal '${reservation.principal}' in 'Resource.reservations'`;
    default:
      return "Unsupported 'Resource.ReservationInfo.Type'";
  }
}

function sharedError({ name, shared, disk }: Resource): string | undefined {
  if (shared === undefined) return undefined;
  if (name !== 'disk') return `Resource ${name} cannot be shared`;
  return disk?.persistence === undefined ? 'Only persistent volumes can be shared' : undefined;
}

/** Why this resource is not valid, in Mesos' words; undefined for a valid one. Both reservation formats are accepted. */
export function resourceError(resource: Resource): string | undefined {
  if (resource.name === '') return 'Empty resource name';
  return (
    amountError(resource) ??
    diskError(resource) ??
    (resource.reservations.length === 0
      ? oldFormatError(resource)
      : (stackError(resource) ?? bothFormatsError(resource))) ??
    sharedError(resource)
  );
}
