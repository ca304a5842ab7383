import { MesosError } from '../errors.ts';
import { Offer_Operation_Type, type Offer_OperationValid } from '../generated/mesos/v1/offer_pb.ts';
import { nameOfEnum } from '../messages/enum-name.ts';
import { type ResourceEntry, scalarEntry } from './entry.ts';
import { makeKind, type ResourceKind } from './kind.ts';
import { Resources } from './resources.ts';
import { toThousandths } from './scalar.ts';
import { entryFromMessage } from './wire.ts';

/** An operation takes `consumed` out of what an agent has, and puts `converted` in its place. */
export interface ResourceConversion {
  consumed: Resources;
  converted: Resources;
  /** Of a volume that goes away: no further shared copy of it may be in use. */
  lastCopyOf?: Resources;
}

/** A disk without the volume on it, and not shared. */
function withoutVolume(kind: ResourceKind): ResourceKind {
  if (kind.disk === undefined) return makeKind({ ...kind, shared: false });
  if (kind.disk.source === undefined) return makeKind({ ...kind, disk: undefined, shared: false });
  const { persistence, volume, ...disk } = kind.disk;
  return makeKind({ ...kind, disk, shared: false });
}

const single = (entry: ResourceEntry) => Resources.join([entry]);

const notForProviders = (entry: ResourceEntry) => {
  if (entry.kind.providerId !== undefined) {
    throw new MesosError('Operation not supported for resource provider', { code: 'invalid' });
  }
};

/**
 * What an operation does to resources: one conversion after the other. Throws `MesosError` (`invalid`) for operations
 * that convert nothing (LAUNCH), are left to resource providers, or lack their body.
 */
export function conversionsOf(operation: Offer_OperationValid): ResourceConversion[] {
  const { reserve, unreserve, create, destroy, growVolume, shrinkVolume } = operation;
  switch (operation.type) {
    case Offer_Operation_Type.RESERVE: {
      if (reserve === undefined) break;
      const converted = Resources.from(reserve.resources);
      const source = Resources.from(reserve.source);
      return [{ consumed: source.isEmpty ? converted.popReservation() : source, converted }];
    }
    case Offer_Operation_Type.UNRESERVE:
      return (unreserve?.resources ?? []).map((resource) => {
        const consumed = Resources.from([resource]);
        return { consumed, converted: consumed.popReservation() };
      });
    case Offer_Operation_Type.CREATE:
      return (create?.volumes ?? []).map((volume) => {
        const converted = Resources.from([volume]);
        return { consumed: converted.mapKinds(withoutVolume), converted };
      });
    case Offer_Operation_Type.DESTROY:
      return (destroy?.volumes ?? []).map((volume) => {
        const consumed = Resources.from([volume]);
        return { consumed, converted: consumed.mapKinds(withoutVolume), lastCopyOf: consumed };
      });
    case Offer_Operation_Type.GROW_VOLUME: {
      if (growVolume === undefined) break;
      const volume = entryFromMessage(growVolume.volume);
      const addition = entryFromMessage(growVolume.addition);
      notForProviders(volume);
      const grown = scalarEntry(volume.kind, volume.thousandths + addition.thousandths);
      return [{ consumed: Resources.join([volume, addition]), converted: single(grown) }];
    }
    case Offer_Operation_Type.SHRINK_VOLUME: {
      if (shrinkVolume === undefined) break;
      const volume = entryFromMessage(shrinkVolume.volume);
      notForProviders(volume);
      const freed = toThousandths(shrinkVolume.subtract.value);
      const shrunk = scalarEntry(volume.kind, volume.thousandths - freed);
      const rest = scalarEntry(withoutVolume(volume.kind), freed);
      return [{ consumed: single(volume), converted: Resources.join([shrunk, rest]) }];
    }
    default:
      break;
  }
  const name = nameOfEnum(Offer_Operation_Type, operation.type);
  throw new MesosError(`operation ${name} converts no resources`, { code: 'invalid' });
}

/**
 * What is left of `resources` after the operation. Throws `MesosError` (`conflict`) when they do not hold what it
 * consumes; the message is Mesos' own.
 */
export function applyOperation(resources: Resources, operation: Offer_OperationValid): Resources {
  let result = resources;
  for (const { consumed, converted, lastCopyOf } of conversionsOf(operation)) {
    if (!result.contains(consumed)) {
      throw new MesosError(`${result} does not contain ${consumed}`, { code: 'conflict' });
    }
    result = result.minus(consumed).plus(converted);
    if (lastCopyOf !== undefined && result.contains(lastCopyOf)) {
      throw new MesosError(
        `Persistent volume ${lastCopyOf} cannot be removed due to additional shared copies`,
        { code: 'conflict' },
      );
    }
  }
  return result;
}
