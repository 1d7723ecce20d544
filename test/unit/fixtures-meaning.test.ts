import { beforeAll, describe, expect, it } from 'vitest';
import { defaultRuleBook, type RuleBook } from '../../src/domain/qualification/rule-book.ts';
import { classifyEvidence, classifyMessage } from '../../src/reports/classify-message.ts';
import { type ExpectedRecipient, type ManifestLine, manifestLines, type ReplyLine, readMessage, replyLines } from '../support/fixtures.ts';

let book: RuleBook;
beforeAll(() => {
  book = defaultRuleBook();
});

type Said = { readonly [Key in keyof ExpectedRecipient]: ExpectedRecipient[Key] | null };

const byAddress = (one: Said, other: Said): number => (one.address ?? '').localeCompare(other.address ?? '');

/** Leaves out of an answer what the manifest leaves open. */
function asFarAsExpected(said: Said, expected: ExpectedRecipient | undefined): Said {
  const { address, type, reason, fault } = said;
  return {
    address,
    type: expected?.type === null ? null : type,
    reason: expected?.reason === null ? null : reason,
    fault: expected?.fault === null ? null : fault,
  };
}

function expectMeaning({ file, kind, recipients }: ManifestLine): void {
  const said = classifyMessage(readMessage(file), book);
  expect(said.kind).toBe(kind);
  const expected = [...recipients].sort(byAddress);
  const answers = [...said.recipients].sort(byAddress);
  expect(answers.map((answer, index) => asFarAsExpected(answer, expected[index]))).toEqual(expected);
}

describe('every shipped message', () => {
  it.each(manifestLines())('$file is $kind and means the same for each recipient', expectMeaning);
});

function expectReply({ reply, type, reason, fault }: ReplyLine): void {
  const said = classifyEvidence({ channel: 'EMAIL', origin: 'SYNC', text: reply }, null, book);
  expect({ type: said.type, reason: said.reason, fault: said.fault }).toEqual({ type, reason, fault });
}

describe('every shipped reply', () => {
  const lines = replyLines();
  it.each(lines)('$reply', expectReply);

  it('is never hard where the address may be alive', () => {
    const hard = lines.filter(({ reply, type }) => {
      const said = classifyEvidence({ channel: 'EMAIL', origin: 'SYNC', text: reply }, null, book);
      return said.type === 'HARD' && type !== 'HARD';
    });
    expect(hard).toEqual([]);
  });
});
