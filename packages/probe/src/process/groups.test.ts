import { expect, it } from 'vitest';
import { groupOf, namesOf } from './groups.ts';

const outer = '7b31a68e-6598-489b-a5e8-25572dfa6929';
const inner = '17b4fbc2-2b66-4aba-a4c9-12fd1b4d6d5a';
const wanted = (...names: string[]) => new Map(names.map((name) => [name, {}]));

it('a process is in the innermost control group that is wanted', () => {
  const names = namesOf(`5:memory:/mesos/${outer}/mesos/${inner}\n0::/mesos/${outer}/mesos/${inner}\n`, '');
  expect(groupOf(names, wanted(outer, inner))).toEqual({ name: inner, isContained: true });
  expect(groupOf(names, wanted(outer))).toEqual({ name: outer, isContained: true });
  expect(groupOf(names, wanted())).toBeUndefined();
});

it('without a control group its variables tell where it was started', () => {
  const folder = `/var/mesos/slaves/${inner}-S0/frameworks/${inner}-0001/executors/a/runs/${outer}`;
  const names = namesOf('0::/\n', `PATH=/bin\0MESOS_SANDBOX=${folder}\0OTHER=${inner}\0`);
  expect(groupOf(names, wanted(outer))).toEqual({ name: outer, isContained: false });
  expect(namesOf('0::/\n', `OTHER=${outer}\0`).inVariables).toEqual([]);
});
