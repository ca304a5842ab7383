import {
  makeKind,
  makeMessage,
  Resource_DiskInfoSchema,
  Resource_ReservationInfo_Type,
  Resource_ReservationInfoSchema,
  type ResourceKind,
  Volume_Mode,
} from '../src/index.ts';

export const makeReservation = (role: string) =>
  makeMessage(Resource_ReservationInfoSchema, {
    type: Resource_ReservationInfo_Type.DYNAMIC,
    role,
    principal: 'ops',
  });

/** A persistent volume of the role `web`. */
export function makeVolume(id: string, { shared = false } = {}): ResourceKind {
  return makeKind({
    name: 'disk',
    type: 'scalar',
    allocatedTo: undefined,
    reservations: [makeReservation('web')],
    disk: makeMessage(Resource_DiskInfoSchema, {
      persistence: { id, principal: 'ops' },
      volume: { containerPath: 'data', mode: Volume_Mode.RW },
    }),
    revocable: false,
    shared,
    providerId: undefined,
  });
}
