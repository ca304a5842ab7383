import { expect, test } from 'vitest';
import { namesOf, parseAmounts, quantitiesFlag, quantitiesText } from './amounts.ts';

test('resources are written in the order and units that people ask for', () => {
  expect(namesOf({ zoo: 1, mem: 1 }, { cpus: 1 })).toEqual(['cpus', 'mem', 'zoo']);
  expect(quantitiesText({ mem: 1536, cpus: 0.5, disk: 0 })).toBe('0.5 CPUs, 1.5 GiB Memory');
  expect(quantitiesText({})).toBe('nothing');
  expect(quantitiesFlag({ mem: 512, cpus: 2 })).toBe('cpus:2;mem:512');
});

test('resources are read as Mesos writes them, and what is wrong is named', () => {
  expect(parseAmounts('cpus:2; mem: 512')).toEqual({ amounts: { cpus: 2, mem: 512 }, problem: undefined });
  expect(parseAmounts('')).toEqual({ amounts: {}, problem: undefined });
  expect(parseAmounts('cpus=2').problem).toContain('“cpus=2” is not NAME:NUMBER');
});
