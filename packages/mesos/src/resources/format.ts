import { create, type DescMessage } from '@bufbuild/protobuf';
import { MesosError } from '../errors.ts';
import {
  type Resource,
  Resource_ReservationInfo_Type,
  Resource_ReservationInfoSchema,
  ResourceSchema,
} from '../generated/mesos/v1/resource_pb.ts';
import { createVisitor } from '../messages/visit.ts';

/**
 * How a resource says who it is reserved for. `stack`: in `reservations`, what Mesos has worked with since reservations
 * can be refined. `role`: in `role` and `reservation`, for agents and frameworks from before. `both`: the read
 * endpoints' way.
 */
export type ResourceFormat = 'stack' | 'role' | 'both';

/** What the old format says, as a stack. */
function stackOf({ role, reservation: dynamic, reservations }: Resource): Resource['reservations'] {
  if (reservations.length > 0 || role === '*') return reservations;
  const type =
    dynamic === undefined ? Resource_ReservationInfo_Type.STATIC : Resource_ReservationInfo_Type.DYNAMIC;
  const reservation = create(Resource_ReservationInfoSchema, { type, role });
  if (dynamic !== undefined) {
    if (Object.hasOwn(dynamic, 'principal')) reservation.principal = dynamic.principal;
    if (dynamic.labels !== undefined) reservation.labels = dynamic.labels;
  }
  return [reservation];
}

const isOld = (resource: Resource) =>
  Object.hasOwn(resource, 'role') || Object.hasOwn(resource, 'reservation');

function toStack(resource: Resource): void {
  if (!isOld(resource)) return;
  resource.reservations = stackOf(resource);
  Reflect.deleteProperty(resource, 'role');
  Reflect.deleteProperty(resource, 'reservation');
}

/** As `toStack`, but for large numbers: an object that has lost a field is slow from then on, and several times as large. */
function inStack(resource: Resource): Resource {
  if (!isOld(resource)) return resource;
  const { role: _role, reservation: _reservation, ...others } = resource;
  const stacked: Resource = Object.assign(create(ResourceSchema), others);
  stacked.reservations = stackOf(resource);
  return stacked;
}

function toRole(resource: Resource, keepStack: boolean): void {
  toStack(resource);
  const { reservations } = resource;
  if (reservations.length > 1) {
    if (keepStack) return;
    throw new MesosError(
      `resource "${resource.name}" has a refined reservation, which the old format cannot say`,
      {
        code: 'invalid',
        remedy: 'keep such resources from agents and frameworks without RESERVATION_REFINEMENT',
      },
    );
  }
  const [reservation] = reservations;
  resource.role = reservation?.role ?? '*';
  if (reservation?.type === Resource_ReservationInfo_Type.DYNAMIC) {
    resource.reservation = create(Resource_ReservationInfoSchema);
    if (Object.hasOwn(reservation, 'principal')) resource.reservation.principal = reservation.principal;
    if (reservation.labels !== undefined) resource.reservation.labels = reservation.labels;
  }
  if (!keepStack && reservation !== undefined) resource.reservations = [];
}

/** Changes the message. Throws `MesosError` (`invalid`) for a refined reservation that is to be said in the old format. */
export function setResourceFormat(resource: Resource, format: ResourceFormat): void {
  if (format === 'stack') toStack(resource);
  else toRole(resource, format === 'both');
}

const visitResources = createVisitor(ResourceSchema);

/** `setResourceFormat` for every resource in a message, however deep; some may be replaced. */
export function setResourceFormats(schema: DescMessage, message: object, format: ResourceFormat): void {
  visitResources(schema, message, (found) => {
    const resource = format === 'stack' ? inStack(found as Resource) : (found as Resource);
    if (format !== 'stack') setResourceFormat(resource, format);
    return resource;
  });
}
