/** Whether an operation on resources may be done, in Mesos' words where it may not. */
import {
  isDynamicallyReserved,
  isPersistentVolume,
  Offer_Operation_Type,
  type Offer_OperationValid,
  Resources,
  type ResourceValid,
  reservationRole,
} from '@orchestrator/mesos';
import { createDiskError, destroyDiskError } from './disk-validation.ts';
import type { AgentRecord, FrameworkRecord } from './records.ts';
import { resourcesError } from './task-validation.ts';

export interface OperationPlace {
  readonly agent: AgentRecord;
  /** Undefined for an operator. */
  readonly framework: FrameworkRecord | undefined;
  /** Of the framework or the operator; undefined without authentication. */
  readonly principal: string | undefined;
}

const single = (resource: ResourceValid) => Resources.from([resource]);

function isKind(resource: ResourceValid, is: (kind: Parameters<typeof isDynamicallyReserved>[0]) => boolean) {
  for (const { kind } of single(resource)) return is(kind);
  return false;
}

function roleOf(resource: ResourceValid): string {
  for (const { kind } of single(resource)) return reservationRole(kind) ?? '*';
  return '*';
}

function listError(resources: readonly ResourceValid[]): string | undefined {
  const error = resourcesError(resources);
  return error === undefined ? undefined : `Invalid resources: ${error}`;
}

function principalError(resource: ResourceValid, principal: string): string | undefined {
  const reservation = resource.reservations.at(-1);
  if (reservation === undefined || !Object.hasOwn(reservation, 'principal')) {
    return `A reserve operation was attempted by principal '${principal}', but there is a reserved resource in the request with no principal set`;
  }
  return reservation.principal === principal
    ? undefined
    : `A reserve operation was attempted by authenticated principal '${principal}', which does not match a reserved resource in the request with principal '${reservation.principal}'`;
}

function reserveAllocationError(
  resource: ResourceValid,
  framework: FrameworkRecord | undefined,
): string | undefined {
  const role = roleOf(resource);
  const allocatedTo = resource.allocationInfo?.role;
  if (framework === undefined) {
    return allocatedTo === undefined
      ? undefined
      : 'A reserve operation was attempted with an allocated resource, but the operator API only allows reservations to be made to unallocated resources';
  }
  if (allocatedTo === undefined) {
    return `A reserve operation was attempted on unallocated resource ${single(resource)}, but frameworks can only perform reservations on allocated resources`;
  }
  if (allocatedTo !== role) {
    return `A reserve operation was attempted for a resource with role '${role}', but the resource was allocated to role '${allocatedTo}'`;
  }
  return framework.roles.includes(allocatedTo)
    ? undefined
    : `A reserve operation was attempted for a resource allocated to role '${allocatedTo}', but the framework only has roles '{ ${framework.roles.join(', ')} }'`;
}

function reserveError(operation: Offer_OperationValid, place: OperationPlace): string | undefined {
  const resources = operation.reserve?.resources ?? [];
  const error = listError(resources);
  if (error !== undefined) return error;
  const source = operation.reserve?.source ?? [];
  if (source.length > 0) {
    if (place.framework !== undefined) {
      return 'Reservation updates are not yet implemented for the scheduler API.';
    }
    const [from, to] = [Resources.from(source).toUnreserved(), Resources.from(resources).toUnreserved()];
    if (!from.equals(to)) {
      return `Source and target resources should refer to identical resource quantities: ${from} vs. ${to}`;
    }
  }
  for (const resource of resources) {
    if (!isKind(resource, isDynamicallyReserved)) {
      return `Resource ${single(resource)} is not dynamically reserved`;
    }
    const { principal } = place;
    const wrong =
      (principal === undefined ? undefined : principalError(resource, principal)) ??
      reserveAllocationError(resource, place.framework);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function unreserveError(operation: Offer_OperationValid): string | undefined {
  const resources = operation.unreserve?.resources ?? [];
  const error = listError(resources);
  if (error !== undefined) return error;
  for (const resource of resources) {
    if (!isKind(resource, isDynamicallyReserved)) {
      return `Resource ${single(resource)} is not dynamically reserved`;
    }
    if (isKind(resource, isPersistentVolume)) {
      return `A dynamically reserved persistent volume ${single(resource)} cannot be unreserved directly. Please destroy the persistent volume first then unreserve the resource`;
    }
  }
  return undefined;
}

/** That the resource is a persistent volume, and one that can be. */
function volumeError(volume: ResourceValid): string | undefined {
  const { disk } = volume;
  if (disk === undefined) return `Resource ${single(volume)} does not have DiskInfo`;
  if (disk.persistence === undefined) return "'persistence' is not set in DiskInfo";
  if (disk.volume === undefined) return "Expecting 'volume' to be set for persistent volume";
  return disk.volume.mode === 2 ? 'Read-only persistent volume not supported' : undefined;
}

function diskError(volume: ResourceValid): string | undefined {
  if (volume.disk?.persistence === undefined) return undefined;
  if (volume.revocable !== undefined) {
    return 'Invalid DiskInfo: Persistent volumes cannot be created from revocable resources';
  }
  if (volume.reservations.length === 0 && volume.role === '*') {
    return 'Invalid DiskInfo: Persistent volumes cannot be created from unreserved resources';
  }
  return undefined;
}

function createError(operation: Offer_OperationValid, place: OperationPlace): string | undefined {
  const volumes = operation.create?.volumes ?? [];
  const error = listError(volumes);
  if (error !== undefined) return error;
  const ids = new Set<string>();
  for (const { kind } of place.agent.total) {
    if (kind.disk?.persistence !== undefined) ids.add(`${reservationRole(kind)} ${kind.disk.persistence.id}`);
  }
  for (const volume of volumes) {
    const disk = diskError(volume);
    if (disk !== undefined) return `Invalid resources: ${disk}`;
    const wrong = volumeError(volume);
    if (wrong !== undefined) return `Not a persistent volume: ${wrong}`;
    const id = volume.disk?.persistence?.id ?? '';
    const key = `${roleOf(volume)} ${id}`;
    if (ids.has(key)) return `Persistence ID '${id}' is not unique`;
    ids.add(key);
    if (
      volume.shared !== undefined &&
      place.framework !== undefined &&
      !place.framework.capabilities.has('SHARED_RESOURCES')
    ) {
      return `Create volume operation for '${single(volume)}' has been attempted by framework '${place.framework.id}' with no SHARED_RESOURCES capability`;
    }
    const { principal } = place;
    const owner = volume.disk?.persistence;
    if (principal === undefined || owner === undefined) continue;
    if (!Object.hasOwn(owner, 'principal')) {
      return `Create volume operation attempted by principal '${principal}', but there is a volume in the operation with no principal set in 'disk.persistence'`;
    }
    if (owner.principal !== principal) {
      return `Create volume operation attempted by authenticated principal '${principal}', which does not match a volume in the operation with principal '${owner.principal}' set in 'disk.persistence'`;
    }
  }
  return undefined;
}

function destroyError(operation: Offer_OperationValid, { agent }: OperationPlace): string | undefined {
  const volumes = operation.destroy?.volumes ?? [];
  const error = listError(volumes);
  if (error !== undefined) return error;
  for (const volume of volumes) {
    const wrong = volumeError(volume);
    if (wrong !== undefined) return `Not a persistent volume: ${wrong}`;
    const bare = single(volume).allocatedTo(undefined);
    if (!agent.total.contains(bare)) return 'Persistent volumes not found';
    for (const used of agent.used.values()) {
      if (used.allocatedTo(undefined).contains(bare)) return 'Persistent volumes in use';
    }
  }
  return undefined;
}

function resizeError(volume: ResourceValid, name: string, { agent }: OperationPlace): string | undefined {
  const field = `'${name}.volume'`;
  const error = resourcesError([volume]);
  if (error !== undefined) return `Invalid resource in the ${field} field: ${error}`;
  const wrong = volumeError(volume);
  if (wrong !== undefined) return `Invalid persistent volume in the ${field} field: ${wrong}`;
  const verb = name === 'GrowVolume' ? 'Growing' : 'Shrinking';
  if (volume.shared !== undefined) return `${verb} a shared persistent volume is not supported`;
  if (agent.capabilities.has('RESIZE_VOLUME')) return undefined;
  const done = name === 'GrowVolume' ? 'grown' : 'shrunk';
  return `Volume ${single(volume)} cannot be ${done} on an agent without RESIZE_VOLUME capability`;
}

function growError({ growVolume }: Offer_OperationValid, place: OperationPlace): string | undefined {
  if (growVolume === undefined) return "Expecting 'grow_volume' to be present";
  const { volume, addition } = growVolume;
  const error = resourcesError([addition]);
  if (error !== undefined) return `Invalid resource in the 'GrowVolume.addition' field: ${error}`;
  if ((addition.scalar?.value ?? 0) <= 0) {
    return "The size of 'GrowVolume.addition' field must be greater than zero";
  }
  return resizeError(volume, 'GrowVolume', place);
}

function shrinkError({ shrinkVolume }: Offer_OperationValid, place: OperationPlace): string | undefined {
  if (shrinkVolume === undefined) return "Expecting 'shrink_volume' to be present";
  const { volume, subtract } = shrinkVolume;
  if (subtract.value <= 0) return "Value of 'ShrinkVolume.subtract' must be greater than zero";
  if ((volume.scalar?.value ?? 0) <= subtract.value) {
    return "Value of 'ShrinkVolume.subtract' must be less than or equal to the size of the volume";
  }
  return resizeError(volume, 'ShrinkVolume', place);
}

/** Why an operation on resources cannot be done; undefined when it can be tried. */
export function operationError(operation: Offer_OperationValid, place: OperationPlace): string | undefined {
  switch (operation.type) {
    case Offer_Operation_Type.RESERVE:
      return reserveError(operation, place);
    case Offer_Operation_Type.UNRESERVE:
      return unreserveError(operation);
    case Offer_Operation_Type.CREATE:
      return createError(operation, place);
    case Offer_Operation_Type.DESTROY:
      return destroyError(operation, place);
    case Offer_Operation_Type.GROW_VOLUME:
      return growError(operation, place);
    case Offer_Operation_Type.SHRINK_VOLUME:
      return shrinkError(operation, place);
    case Offer_Operation_Type.CREATE_DISK:
      return createDiskError(operation);
    case Offer_Operation_Type.DESTROY_DISK:
      return destroyDiskError(operation);
    default:
      return 'Unknown operation';
  }
}
