import { describe, expect, it } from 'vitest';
import { defaultRuleBook } from '../../../src/domain/qualification/rule-book.ts';
import { MESSAGE_KINDS } from '../../../src/domain/vocabulary.ts';
import { classifyMessage } from '../../../src/reports/classify-message.ts';
import { millisecondsSince } from '../../support/cpu-time.ts';
import { fuzzClassification } from './fuzz-classification.ts';
import { hostileMails } from './mutate-mail.ts';

const book = defaultRuleBook();

describe('whatever bytes arrive', () => {
  it('500 damaged messages are classified without a throw and in time', () => {
    const { slowestMs, slowestSeed, wrong } = fuzzClassification(book, 500);
    expect(wrong).toEqual([]);
    expect(slowestMs, `seed ${slowestSeed}`).toBeLessThan(1000);
  });

  it.each(hostileMails())('%s takes less than a second', (_, raw) => {
    const started = process.cpuUsage();
    const classified = classifyMessage(raw, book);
    expect(millisecondsSince(started)).toBeLessThan(1000);
    expect(MESSAGE_KINDS).toContain(classified.kind);
  });
});
