import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Line, readLines } from '../../../src/http/read-lines.ts';

const LIMITS = { lineBytes: 10, batchLines: 3, batchBytes: 1000 };

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function batchesOf(bytes: Uint8Array, size: number, limits = LIMITS): Promise<Line[][]> {
  const batches: Line[][] = [];
  for await (const batch of readLines(inPieces(bytes, size), limits)) batches.push(batch);
  return batches;
}

test('lines are the same wherever the stream is cut', async () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !text.includes('\n'));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 30 }), async (lines, size) => {
      const bytes = Buffer.from(lines.join('\n'));
      const read = (await batchesOf(bytes, size)).flat();
      const expected = lines.flatMap((text, index): Line[] => {
        const tooLong = Buffer.byteLength(text) > LIMITS.lineBytes;
        if (tooLong) return [{ number: index + 1, text: null, problem: 'The line is longer than 10 bytes.' }];
        return text.trim() === '' ? [] : [{ number: index + 1, text, problem: null }];
      });
      expect(read).toEqual(expected);
    }),
  );
});

test('a batch ends after its lines or its bytes', async () => {
  const sizes = async (text: string, limits = LIMITS) => (await batchesOf(Buffer.from(text), 4, limits)).map((batch) => batch.length);
  expect(await sizes('1\n2\n3\n4\n5\n6\n7')).toEqual([3, 3, 1]);
  expect(await sizes('1234\n1234\n1234\n1234', { ...LIMITS, batchBytes: 8 })).toEqual([2, 2]);
});

test('half a character is refused in its line only', async () => {
  const read = (await batchesOf(Buffer.from([0x61, 0x0a, 0xc3, 0x0a, 0x62]), 1)).flat();
  expect(read.map(({ text, problem }) => [text, problem])).toEqual([
    ['a', null],
    [null, 'The line is not valid UTF-8.'],
    ['b', null],
  ]);
});

test('of a line that is too long nothing is kept', async () => {
  let given = 0;
  async function* endless() {
    for (; given < 5_000; given += 1) yield Buffer.alloc(1024, 'x');
  }
  const batches: Line[][] = [];
  for await (const batch of readLines(endless(), { ...LIMITS, lineBytes: 4096 })) batches.push(batch);
  expect(batches).toEqual([[{ number: 1, text: null, problem: 'The line is longer than 4096 bytes.' }]]);
});
