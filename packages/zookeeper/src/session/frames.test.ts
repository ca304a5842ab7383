import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameReader } from './frames.ts';

function frame(body: Uint8Array): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeInt32BE(body.length);
  return Buffer.concat([prefix, body]);
}

function collect(
  pieces: readonly Buffer[],
  maxFrameBytes: number,
): { frames: string[]; oversized: [string, number][] } {
  const frames: string[] = [];
  const oversized: [string, number][] = [];
  const reader = new FrameReader(maxFrameBytes, {
    onFrame: (bytes, start, end) => frames.push(bytes.toString('hex', start, end)),
    onOversized: (head, length) => oversized.push([head.toString('hex'), length]),
  });
  for (const piece of pieces) reader.push(piece);
  return { frames, oversized };
}

function cut(stream: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let offset = 0;
  for (let i = 0; offset < stream.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    pieces.push(stream.subarray(offset, offset + size));
    offset += size;
  }
  return pieces;
}

describe('FrameReader', () => {
  test('gives the same frames however the stream is cut', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 20 });
    const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(bodies, sizes, (frames, pieces) => {
        const stream = Buffer.concat(frames.map(frame));
        const found = collect(cut(stream, pieces), 40);
        expect(found.frames).toEqual(
          frames.filter((body) => body.length <= 40).map((body) => Buffer.from(body).toString('hex')),
        );
        expect(found.oversized).toEqual(
          frames
            .filter((body) => body.length > 40)
            .map((body) => [Buffer.from(body.subarray(0, 16)).toString('hex'), body.length]),
        );
      }),
    );
  });

  test('fed byte by byte', () => {
    const stream = Buffer.concat([
      frame(Buffer.from('first')),
      frame(Buffer.alloc(0)),
      frame(Buffer.from('second')),
    ]);
    const { frames } = collect(cut(stream, [1]), 100);
    expect(frames.map((hex) => Buffer.from(hex, 'hex').toString())).toEqual(['first', '', 'second']);
  });

  test('refuses what cannot be a length', () => {
    expect(() => collect([Buffer.from('HTTP/1.1 400 Bad Request')], 100)).not.toThrow();
    expect(() => collect([Buffer.from([0xff, 0xff, 0xff, 0xff])], 100)).toThrow(/does not speak ZooKeeper/);
  });
});
