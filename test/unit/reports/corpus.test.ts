import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultRuleBook } from '../../../src/domain/qualification/rule-book.ts';
import { parseSmsReceipt } from '../../../src/domain/qualification/sms-receipt.ts';
import { type ClassifiedMessage, classifyMessage } from '../../../src/reports/classify-message.ts';

/** Real messages that are not ours to ship: beside the project where it is developed, absent elsewhere. */
const CORPUS = join(import.meta.dirname, '../../../../shared/corpus');
const present = existsSync(join(CORPUS, 'manifest.jsonl'));

interface Label {
  readonly file: string;
  readonly kind: string;
  readonly class: string;
  readonly type?: string;
  readonly reason?: string;
  readonly accept?: readonly { readonly type: string }[];
  readonly recipients?: readonly string[];
  readonly originalRecipients?: readonly string[];
}

function lines<T>(name: string): T[] {
  if (!present) return [];
  return readFileSync(join(CORPUS, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

const labels = lines<Label>('manifest.jsonl');
const book = defaultRuleBook();
const said = new Map<string, ClassifiedMessage>(
  labels.map(({ file }) => [basename(file), classifyMessage(readFileSync(join(CORPUS, 'open', basename(file))), book)]),
);
const verdict = (label: Label) => said.get(basename(label.file));
const failures = labels.filter((label) => label.class === 'bounce' || label.class === 'delay');

function share(list: readonly Label[], good: (label: Label) => boolean): number {
  return list.filter(good).length / Math.max(1, list.length);
}

describe.skipIf(!present)('real messages', () => {
  it('were read at all', () => {
    expect(labels.length).toBeGreaterThan(500);
  });

  it('of failures are detected and delays told apart', () => {
    expect(share(failures, (label) => verdict(label)?.kind === label.kind)).toBeGreaterThanOrEqual(0.985);
  });

  it('that tell of no failure are left alone, and every complaint is recognised', () => {
    const harmless = labels.filter((label) => ['not-bounce', 'success', 'auth-failure-report'].includes(label.class));
    expect(harmless.filter((label) => ['BOUNCE', 'DELAY', 'COMPLAINT'].includes(verdict(label)?.kind ?? ''))).toEqual([]);
    expect(labels.filter((label) => label.class === 'complaint' && verdict(label)?.kind !== 'COMPLAINT')).toEqual([]);
    expect(labels.filter((label) => label.class === 'autoreply' && ['BOUNCE', 'COMPLAINT'].includes(verdict(label)?.kind ?? ''))).toEqual(
      [],
    );
  });

  it('name the right recipients', () => {
    const known = failures.filter(({ recipients }) => recipients !== undefined);
    const right = (label: Label) => {
      const wanted = new Set([...(label.recipients ?? []), ...(label.originalRecipients ?? [])].map((address) => address.toLowerCase()));
      const named = (verdict(label)?.recipients ?? []).flatMap(({ address }) => (address === null ? [] : [address.toLowerCase()]));
      return named.length > 0 && named.every((address) => wanted.has(address));
    };
    expect(share(known, right)).toBeGreaterThanOrEqual(0.985);
  });

  it('mean what their labels say', () => {
    const first = (label: Label) => verdict(label)?.recipients[0];
    expect(share(failures, (label) => first(label)?.type === label.type)).toBeGreaterThanOrEqual(0.95);
    expect(share(failures, (label) => first(label)?.reason === label.reason)).toBeGreaterThanOrEqual(0.93);
    const falseHard = failures.filter(
      (label) => first(label)?.type === 'HARD' && label.accept?.every(({ type }) => type !== 'HARD') !== false,
    );
    expect(falseHard.length).toBeLessThanOrEqual(2);
  });
});

describe.skipIf(!present)('real SMS receipts', () => {
  const receipts = lines<{ text: string; stat: string | null; err: string | null; message_id: string | null }>('sms-receipts.jsonl');

  it('are read field by field', () => {
    for (const { text, stat, err, message_id } of receipts) {
      expect(parseSmsReceipt(text), text).toMatchObject({ stat, err, messageId: message_id });
    }
  });
});
