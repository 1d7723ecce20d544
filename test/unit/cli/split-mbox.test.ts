import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitMessages } from '../../../src/cli/split-mbox.ts';

const FIRST = 'From ann@example.com Tue May 12 10:00:00 2026\nSubject: one\n\nFrom here on it is text.\n';
const SECOND = 'From MAILER-DAEMON Tue May 12 10:00:01 2026\r\nSubject: two\r\n\r\n>From quoted\r\n';

async function* inPieces(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function split(text: string, size = 65_536, most = 1_000_000): Promise<string[]> {
  const messages: string[] = [];
  for await (const message of splitMessages(inPieces(text, size), most)) messages.push(message.toString());
  return messages;
}

test('an mbox file is cut where a From line follows an empty line, wherever its bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 0, max: 900 }), async (size, padding) => {
      const third = `From x@example.org Tue May 12 10:00:02 2026\n${'y'.repeat(padding)}\n`;
      expect(await split(`${FIRST}\n${SECOND}\r\n${third}`, size)).toEqual([`${FIRST}\n`, `${SECOND}\r\n`, third]);
    }),
    { numRuns: 60 },
  );
});

test('a text that does not begin with a From line is one message', async () => {
  const text = `Subject: forwarded\n\n\n${FIRST}`;
  expect(await split(text, 7)).toEqual([text]);
});

test('of a message that is too long the beginning is kept, and the next one is found', async () => {
  const long = `${FIRST}${'x'.repeat(5_000)}\n\n`;
  expect(await split(long + SECOND, 100, 200)).toEqual([long.slice(0, 200), SECOND]);
});

test('nothing gives no message', async () => {
  expect(await split('')).toEqual([]);
});
