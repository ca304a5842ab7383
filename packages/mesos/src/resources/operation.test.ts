import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { makeReservation, makeVolume } from '../../test/resource-examples.ts';
import {
  Offer_Operation_Type,
  Offer_OperationSchema,
  type Offer_OperationValid,
} from '../generated/mesos/v1/offer_pb.ts';
import { scalarEntry } from './entry.ts';
import { applyOperation } from './operation.ts';
import { Resources } from './resources.ts';

const total = Resources.parse('cpus:8;mem:8192;disk:20000');
const reserved = (text: string) => Resources.parse(text).pushReservation(makeReservation('web'));
const operation = (init: Parameters<typeof create<typeof Offer_OperationSchema>>[1]) =>
  create(Offer_OperationSchema, init) as Offer_OperationValid;

const reserve = (what: Resources) =>
  operation({ type: Offer_Operation_Type.RESERVE, reserve: { resources: what.toMessages() } });
const unreserve = (what: Resources) =>
  operation({ type: Offer_Operation_Type.UNRESERVE, unreserve: { resources: what.toMessages() } });

const volume = Resources.join([scalarEntry(makeVolume('v1'), 256_000)]);

test('what is reserved comes out of what is unreserved, and goes back', () => {
  const after = applyOperation(total, reserve(reserved('cpus:1;disk:512')));
  expect(after.equals(Resources.parse('cpus:7;mem:8192;disk:19488').plus(reserved('cpus:1;disk:512')))).toBe(
    true,
  );
  expect(applyOperation(after, unreserve(reserved('cpus:1;disk:512'))).equals(total)).toBe(true);
});

test('what is not there cannot be reserved', () => {
  expect(() => applyOperation(Resources.parse('cpus:1;mem:2'), reserve(reserved('cpus:999')))).toThrow(
    'cpus:1; mem:2 does not contain cpus:999',
  );
});

test('a volume is made of reserved disk, grows, shrinks and becomes disk again', () => {
  const before = reserved('disk:1000');
  const created = applyOperation(
    before,
    operation({ type: Offer_Operation_Type.CREATE, create: { volumes: volume.toMessages() } }),
  );
  expect(created.equals(reserved('disk:744').plus(volume))).toBe(true);

  const [message] = volume.toMessages();
  const [addition] = reserved('disk:44').toMessages();
  const grown = applyOperation(
    created,
    operation({
      type: Offer_Operation_Type.GROW_VOLUME,
      growVolume: { volume: message!, addition: addition! },
    }),
  );
  const larger = Resources.join([scalarEntry(makeVolume('v1'), 300_000)]);
  expect(grown.equals(reserved('disk:700').plus(larger))).toBe(true);

  const shrunk = applyOperation(
    grown,
    operation({
      type: Offer_Operation_Type.SHRINK_VOLUME,
      shrinkVolume: { volume: larger.toMessages()[0]!, subtract: { value: 44 } },
    }),
  );
  expect(shrunk.equals(created)).toBe(true);

  const destroyed = applyOperation(
    shrunk,
    operation({ type: Offer_Operation_Type.DESTROY, destroy: { volumes: volume.toMessages() } }),
  );
  expect(destroyed.equals(before)).toBe(true);
});

test('a shared volume in use elsewhere is not destroyed', () => {
  const shared = Resources.join([scalarEntry(makeVolume('s', { shared: true }), 64_000)]);
  const destroy = operation({
    type: Offer_Operation_Type.DESTROY,
    destroy: { volumes: shared.toMessages() },
  });
  expect(() => applyOperation(shared.plus(shared), destroy)).toThrow('additional shared copies');
  expect(applyOperation(shared, destroy).equals(reserved('disk:64'))).toBe(true);
});

test('launching converts nothing', () => {
  expect(() => applyOperation(total, operation({ type: Offer_Operation_Type.LAUNCH }))).toThrow('LAUNCH');
});
