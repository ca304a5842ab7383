import { describe, expect, test } from 'vitest';
import { MasterInfoSchema } from '../generated/mesos/v1/cluster_pb.ts';
import { readJson } from '../json/read.ts';
import { writeJson } from '../json/write.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { ipFromNumber, ipToNumber } from './ip.ts';
import { formatUuid, isUuid, newUuidBytes } from './uuid.ts';

describe('durations', () => {
  test.each([
    ['0ns', 0],
    ['15secs', 15_000],
    ['75secs', 75_000],
    ['1mins', 60_000],
    ['6hrs', 21_600_000],
    ['1weeks', 604_800_000],
    ['10days', 864_000_000],
    ['2.5ms', 2.5],
    ['1500ms', 1_500],
    ['250ns', 0.00025],
    ['-5secs', -5_000],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBeCloseTo(ms, 9);
    expect(formatDuration(parseDuration(text))).toBe(text === '2.5ms' ? '2500us' : text);
  });

  test.each(['', '5', 'secs', '5 parsecs', '5s'])('%j is none', (text) => {
    expect(() => parseDuration(text)).toThrow('is no duration');
  });
});

test('UUIDs', () => {
  const bytes = newUuidBytes();
  expect(isUuid(bytes)).toBe(true);
  expect(formatUuid(bytes)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(isUuid(new Uint8Array(16))).toBe(false);
  expect(isUuid(bytes.subarray(1))).toBe(false);
});

test('a leader publishes itself in ZooKeeper in alphabetical order', () => {
  const published =
    '{"address":{"hostname":"127.0.0.5","ip":"127.0.0.5","port":5050},"capabilities":[{"type":"AGENT_UPDATE"},{"type":"AGENT_DRAINING"},{"type":"QUOTA_V2"}],"hostname":"127.0.0.5","id":"321a1cc4-df3a-4dac-a5b8-a13363a59115","ip":83886207,"pid":"master@127.0.0.5:5050","port":5050,"version":"1.12.0"}';
  const info = readJson(MasterInfoSchema, published);
  expect(writeJson(MasterInfoSchema, info, { sorted: true })).toBe(published);
  expect(ipToNumber('127.0.0.5')).toBe(info.ip);
  expect(ipFromNumber(info.ip)).toBe('127.0.0.5');
  expect(ipToNumber('::1')).toBe(0);
});
