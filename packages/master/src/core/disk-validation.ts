/** CREATE_DISK and DESTROY_DISK: disks that a resource provider of an agent manages. Errors in Mesos' words. */
import {
  type Offer_OperationValid,
  Resource_DiskInfo_Source_Type,
  Resources,
  type ResourceValid,
} from '@orchestrator/mesos';
import { resourcesError } from './task-validation.ts';

const { BLOCK, MOUNT, RAW } = Resource_DiskInfo_Source_Type;

/** Their disks would be taken from the offer until the provider is done: agents that have providers serve them to others. */
const notServed = 'Operations of resource providers are not supported by this master';

function sourceError(source: ResourceValid): string | undefined {
  const error = resourcesError([source]);
  if (error !== undefined) return `Invalid resource: ${error}`;
  return source.providerId === undefined ? "'source' is not managed by a resource provider" : undefined;
}

export function createDiskError({ createDisk }: Offer_OperationValid): string {
  if (createDisk === undefined) return "Expecting 'create_disk' to be present";
  const { source, targetType } = createDisk;
  const error = sourceError(source);
  if (error !== undefined) return error;
  const from = source.disk?.source;
  if (from?.type !== RAW) return "'source' is not a RAW disk resource";
  if (targetType !== MOUNT && targetType !== BLOCK) return "'target_type' is neither MOUNT or BLOCK";
  const [hasProfile, hasTarget] = [
    Object.hasOwn(from, 'profile'),
    Object.hasOwn(createDisk, 'targetProfile'),
  ];
  if (hasProfile && hasTarget) return "'target_profile' must not be set when 'source' has a profile";
  if (!hasProfile && !hasTarget) return "'target_profile' must be set when 'source' has no profile";
  return notServed;
}

export function destroyDiskError({ destroyDisk }: Offer_OperationValid): string {
  if (destroyDisk === undefined) return "Expecting 'destroy_disk' to be present";
  const { source } = destroyDisk;
  const error = sourceError(source);
  if (error !== undefined) return error;
  const from = source.disk?.source;
  if (from === undefined || ![MOUNT, BLOCK, RAW].some((type) => type === from.type)) {
    return "'source' is neither a MOUNT, BLOCK or RAW disk resource";
  }
  if (!Object.hasOwn(from, 'id')) return "'source' is not backed by a CSI volume";
  if (source.disk?.persistence === undefined) return notServed;
  return `A disk resource containing a persistent volume ${Resources.from([source])} cannot be destroyed directly. Please destroy the persistent volume first then destroy the disk resource`;
}
