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

function toStack(resource: Resource): void {
  const role = resource.role;
  const dynamic = resource.reservation;
  // Asked first: deleting makes an object slow, and nearly none has these.
  if (Object.hasOwn(resource, 'role')) Reflect.deleteProperty(resource, 'role');
  if (dynamic !== undefined) Reflect.deleteProperty(resource, 'reservation');
  if (resource.reservations.length > 0 || role === '*') return;
  const type =
    dynamic === undefined ? Resource_ReservationInfo_Type.STATIC : Resource_ReservationInfo_Type.DYNAMIC;
  const reservation = create(Resource_ReservationInfoSchema, { type, role });
  if (dynamic !== undefined) {
    if (Object.hasOwn(dynamic, 'principal')) reservation.principal = dynamic.principal;
    if (dynamic.labels !== undefined) reservation.labels = dynamic.labels;
  }
  resource.reservations = [reservation];
}

function toRole(resource: Resource, keepStack: boolean): void {
  toStack(resource);
  const [reservation, ...refined] = resource.reservations;
  if (refined.length > 0) {
    if (keepStack) return;
    throw new MesosError(
      `resource "${resource.name}" has a refined reservation, which the old format cannot say`,
      {
        code: 'invalid',
        remedy: 'keep such resources from agents and frameworks without RESERVATION_REFINEMENT',
      },
    );
  }
  resource.role = reservation?.role ?? '*';
  if (reservation?.type === Resource_ReservationInfo_Type.DYNAMIC) {
    resource.reservation = create(Resource_ReservationInfoSchema);
    if (Object.hasOwn(reservation, 'principal')) resource.reservation.principal = reservation.principal;
    if (reservation.labels !== undefined) resource.reservation.labels = reservation.labels;
  }
  if (!keepStack) resource.reservations = [];
}

/** Changes the message. Throws `MesosError` (`invalid`) for a refined reservation that is to be said in the old format. */
export function setResourceFormat(resource: Resource, format: ResourceFormat): void {
  if (format === 'stack') toStack(resource);
  else toRole(resource, format === 'both');
}

const visitResources = createVisitor(ResourceSchema);

/** `setResourceFormat` for every resource in a message, however deep. */
export function setResourceFormats(schema: DescMessage, message: object, format: ResourceFormat): void {
  visitResources(schema, message, (resource) => setResourceFormat(resource as Resource, format));
}
