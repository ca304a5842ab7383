import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { freePorts } from './free-ports.ts';

test('no port is given twice, to whichever process, while the one that has it lives', async () => {
  const mine = await freePorts(300);
  expect(new Set(mine).size).toBe(300);
  const script = `
    const { freePorts } = await import(${JSON.stringify(new URL('./free-ports.ts', import.meta.url).href)});
    console.log(JSON.stringify(await freePorts(600)));`;
  const others = JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }),
  );
  expect(others.filter((port: number) => mine.includes(port))).toEqual([]);
});
