import { Volume_Mode, type VolumeValid } from '../generated/mesos/v1/container_pb.ts';
import {
  Resource_DiskInfo_Source_Type,
  type Resource_DiskInfo_SourceValid,
  type Resource_DiskInfoValid,
  Resource_ReservationInfo_Type,
  type Resource_ReservationInfoValid,
} from '../generated/mesos/v1/resource_pb.ts';
import type { LabelsValid } from '../generated/mesos/v1/values_pb.ts';
import { nameOfEnum } from '../messages/enum-name.ts';
import type { ResourceEntry } from './entry.ts';
import type { ResourceKind } from './kind.ts';
import { formatRanges } from './ranges.ts';
import { formatThousandths } from './scalar.ts';

function formatLabels(labels: LabelsValid): string {
  const texts = labels.labels.map((label) =>
    Object.hasOwn(label, 'value') ? `${label.key}: ${label.value}` : label.key,
  );
  return `{${texts.join(', ')}}`;
}

function formatReservation(reservation: Resource_ReservationInfoValid): string {
  const parts = [nameOfEnum(Resource_ReservationInfo_Type, reservation.type), reservation.role];
  if (Object.hasOwn(reservation, 'principal')) parts.push(reservation.principal);
  if (reservation.labels !== undefined) parts.push(formatLabels(reservation.labels));
  return `(${parts.join(',')})`;
}

function formatSource(source: Resource_DiskInfo_SourceValid): string {
  const type = nameOfEnum(Resource_DiskInfo_Source_Type, source.type);
  if (Object.hasOwn(source, 'id') || Object.hasOwn(source, 'profile')) {
    return `${type}(${source.vendor},${source.id},${source.profile})`;
  }
  const place = source.type === Resource_DiskInfo_Source_Type.MOUNT ? source.mount : source.path;
  return place !== undefined && Object.hasOwn(place, 'root') ? `${type}:${place.root}` : type;
}

function formatVolume(volume: VolumeValid): string {
  if (!Object.hasOwn(volume, 'hostPath')) return volume.containerPath;
  return `${volume.hostPath}:${volume.containerPath}:${volume.mode === Volume_Mode.RO ? 'ro' : 'rw'}`;
}

function formatDisk({ source, persistence, volume }: Resource_DiskInfoValid): string {
  const parts = [source && formatSource(source), persistence?.id].filter((part) => part !== undefined);
  return `[${parts.join(',')}${volume === undefined ? '' : `:${formatVolume(volume)}`}]`;
}

/** What stands before the colon: `cpus(allocated: web)(reservations: [(DYNAMIC,web,ops)])`. */
function formatKind(kind: ResourceKind): string {
  const { name, allocatedTo, reservations, disk, revocable, shared } = kind;
  return [
    name,
    allocatedTo === undefined ? '' : `(allocated: ${allocatedTo})`,
    reservations.length === 0 ? '' : `(reservations: [${reservations.map(formatReservation).join(',')}])`,
    disk === undefined ? '' : formatDisk(disk),
    revocable ? '{REV}' : '',
    shared ? '<SHARED>' : '',
  ].join('');
}

/** What stands after the colon: `4`, `[31000-32000]`, `{a, b}`. */
export function formatAmount({ kind, thousandths, ranges, items }: ResourceEntry): string {
  switch (kind.type) {
    case 'scalar':
      return formatThousandths(thousandths);
    case 'ranges':
      return formatRanges(ranges);
    case 'set':
      return `{${items.join(', ')}}`;
  }
}

/** As Mesos prints a resource in its messages. */
export function formatEntry(entry: ResourceEntry): string {
  return `${formatKind(entry.kind)}:${formatAmount(entry)}`;
}
