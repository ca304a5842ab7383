import { BlockPool } from '@orchestrator/mesos';
import { describe, expect, test, vi } from 'vitest';
import { type Blocks, SharedAnswers } from './shared-answer.ts';
import { Slicer } from './slicer.ts';

/** As a socket: a block is taken a little later than it came, and then it is not looked at again. */
async function textOf({ chunks, onSent }: Blocks): Promise<string> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) {
    setImmediate(() => {
      parts.push(Buffer.from(chunk));
      onSent(chunk);
    });
  }
  await new Promise(setImmediate);
  return Buffer.concat(parts).toString();
}

const answers = () => new SharedAnswers(new Slicer(() => performance.now(), 0), new BlockPool());

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

  test('are written to the same memory again, once all of their readers have sent it', async () => {
    const shared = answers();
    const pieces = () => Array.from({ length: 5_000 }, (_, index) => `${index} of many, `);
    const read = async (memory: Set<ArrayBufferLike>): Promise<string> => {
      const { chunks, onSent } = shared.read('state', pieces);
      async function* noted() {
        for await (const chunk of chunks) {
          memory.add(chunk.buffer);
          yield chunk;
        }
      }
      return textOf({ chunks: noted(), onSent });
    };
    const [first, second] = [new Set<ArrayBufferLike>(), new Set<ArrayBufferLike>()];
    const texts = await Promise.all([read(first), read(first), read(first)]);
    expect(new Set([...texts, await read(second)])).toEqual(new Set([pieces().join('')]));
    expect([...second].filter((each) => !first.has(each))).toEqual([]);
  });

  test('may come in blocks that take their time', async () => {
    const shared = answers();
    let made = 0;
    async function* blocks() {
      made++;
      yield Buffer.from('first, ');
      await new Promise(setImmediate);
      yield Buffer.from('last');
    }
    const texts = await Promise.all([1, 2].map(() => textOf(shared.readBlocks('GET_STATE', blocks))));
    expect([made, ...texts]).toEqual([1, 'first, last', 'first, last']);
  });

  test('one that nobody reads any more is not made to its end', async () => {
    const shared = answers();
    let made = 0;
    function* pieces() {
      for (; made < 1_000; made++) yield 'x'.repeat(10_000);
    }
    for await (const chunk of shared.read('state', pieces).chunks) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await vi.waitFor(async () => expect(await textOf(shared.read('state', () => ['next']))).toBe('next'));
    expect(made).toBeLessThan(1_000);
  });
});
