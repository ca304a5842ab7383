import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { makeReservation } from '../../test/resource-examples.ts';
import { Resource_ReservationInfo_Type, ResourceSchema } from '../generated/mesos/v1/resource_pb.ts';
import { CallSchema } from '../generated/mesos/v1/scheduler/scheduler_pb.ts';
import { Value_Type } from '../generated/mesos/v1/values_pb.ts';
import { setResourceFormat, setResourceFormats } from './format.ts';
import { Resources } from './resources.ts';
import { resourceError } from './validate.ts';

const cpus = { name: 'cpus', type: Value_Type.SCALAR, scalar: { value: 1 } };

test('the old format of a dynamic reservation becomes a stack of one, and back', () => {
  const resource = create(ResourceSchema, { ...cpus, role: 'web', reservation: { principal: 'ops' } });
  const old = create(ResourceSchema, { ...cpus, role: 'web', reservation: { principal: 'ops' } });
  setResourceFormat(resource, 'stack');
  expect(Object.hasOwn(resource, 'role')).toBe(false);
  expect(resource.reservations).toEqual([makeReservation('web')]);
  setResourceFormat(resource, 'role');
  expect(resource).toEqual(old);
});

test('unreserved resources say role "*" in the old format', () => {
  const [resource] = Resources.parse('cpus:1').toMessages('role');
  expect(resource?.role).toBe('*');
  expect(resource?.reservations).toEqual([]);
});

test('a static reservation has no principal', () => {
  const resource = create(ResourceSchema, { ...cpus, role: 'web' });
  setResourceFormat(resource, 'stack');
  expect(resource.reservations[0]?.type).toBe(Resource_ReservationInfo_Type.STATIC);
});

test('a refined reservation cannot be said in the old format, and stays as it is in the endpoints', () => {
  const refined = Resources.parse('cpus:1')
    .pushReservation(makeReservation('web'))
    .pushReservation(makeReservation('web/eu'));
  expect(() => refined.toMessages('role')).toThrow('refined');
  expect(refined.toMessages('both')[0]?.reservations).toHaveLength(2);
});

test('every resource in a call is converted, however deep', () => {
  const call = create(CallSchema, {
    accept: { operations: [{ launch: { taskInfos: [{ resources: [{ ...cpus, role: 'web' }] }] } }] },
  });
  setResourceFormats(CallSchema, call, 'stack');
  const resource = call.accept?.operations[0]?.launch?.taskInfos[0]?.resources[0];
  expect(resource?.reservations[0]?.role).toBe('web');
});

test.each([
  [{ ...cpus, name: '' }, 'Empty resource name'],
  [{ ...cpus, scalar: { value: -1 } }, 'Invalid scalar resource: value <= 0'],
  [{ ...cpus, ranges: {} }, 'Invalid scalar resource'],
  [{ name: 'x', type: Value_Type.TEXT }, 'Unsupported resource type'],
  [{ ...cpus, disk: {} }, 'DiskInfo should not be set for cpus resource'],
  [{ ...cpus, reservation: {} }, 'role "*" cannot be dynamically reserved'],
  [{ ...cpus, shared: {} }, 'Resource cpus cannot be shared'],
  [{ ...cpus, name: 'disk', shared: {} }, 'Only persistent volumes can be shared'],
  [{ ...cpus, reservations: [{}] }, "'Resource.ReservationInfo.type' field must be set."],
  [
    {
      ...cpus,
      reservations: [makeReservation('web'), makeReservation('db')],
    },
    "role 'db' is not a refinement of 'web'",
  ],
  [{ ...cpus, role: 'db', reservations: [makeReservation('web')] }, "'Resource.role' field with 'db'"],
])('%#: refused in the words of Mesos', (init, message) => {
  expect(resourceError(create(ResourceSchema, init))).toContain(message);
});
