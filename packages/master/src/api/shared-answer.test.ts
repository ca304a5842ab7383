import { describe, expect, test } from 'vitest';
import { SharedAnswers } from './shared-answer.ts';
import { Slicer } from './slicer.ts';

async function textOf(chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

const answers = () => new SharedAnswers(new Slicer(() => performance.now(), 0));

describe('answers that several ask for', () => {
  test('are made once for all that ask before it begins', async () => {
    const shared = answers();
    let made = 0;
    const pieces = () => [`${++made}`, 'x'.repeat(100_000)];
    const texts = await Promise.all([1, 2, 3].map(() => textOf(shared.read('state', pieces))));
    expect(made).toBe(1);
    expect(new Set(texts).size).toBe(1);
  });

  test('who asks while one is made gets the next one, with what is true then', async () => {
    const shared = answers();
    let value = 'before';
    const late: Promise<string>[] = [];
    function* pieces() {
      yield value.padEnd(50_000);
      if (late.length < 2) {
        value = 'after';
        late.push(textOf(shared.read('state', pieces)), textOf(shared.read('state', pieces)));
      }
      yield 'end';
    }
    const first = await textOf(shared.read('state', pieces));
    const [second, third] = await Promise.all(late);
    expect(first).toMatch(/^before/);
    expect(second).toMatch(/^after/);
    expect(third).toBe(second);
  });

  test('other kinds have nothing to do with each other; a failure is told to its readers', async () => {
    const shared = answers();
    const fail = () => {
      throw new Error('no');
    };
    await Promise.all([
      expect(textOf(shared.read('bad', fail))).rejects.toThrow('no'),
      expect(textOf(shared.read('good', () => ['fine']))).resolves.toBe('fine'),
    ]);
    expect(await textOf(shared.read('bad', () => ['again']))).toBe('again');
  });
});
