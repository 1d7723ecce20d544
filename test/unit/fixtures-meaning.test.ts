import { beforeAll, describe, expect, it } from 'vitest';
import { defaultRuleBook, type RuleBook } from '../../src/domain/qualification/rule-book.ts';
import { classifyEvidence, classifyMessage } from '../../src/reports/classify-message.ts';
import { type ExpectedRecipient, type ManifestLine, manifestLines, type ReplyLine, readMessage, replyLines } from '../support/fixtures.ts';

/**
 * Where the rules and the decided meaning (amendment A3) differ. Each is asserted to differ, so that a better rule shows up here.
 */
const DIFFERING: ReadonlyMap<string, string> = new Map([
  ['messages/postfix-dns-failing-expired.eml', 'a temporary DNS failure is INFRASTRUCTURE, it is taken for a domain that does not exist'],
  ['messages/opensmtpd-attachment.eml', 'an attachment is the fault of the CONTENT, the status 5.7.0 gives SENDER'],
  ['messages/dovecot-sieve-reject.eml', "the recipient's own Sieve script refused, it is taken for a policy against the SENDER"],
  ['550 5.2.1 This address is not in use by any user, nora@example.com', 'unknown user by its text, disabled by its status'],
  ['4.4.7 Message expired: 450 4.2.2 mailbox full', 'the inner reply says full, it is taken for an inactive account'],
  ['554 5.7.9 Message not accepted for policy reasons [PH01]', 'PH01 is about content'],
  ['550 5.7.1 <nora@example.com> does not accept mail from this sender; blocked by the recipient', "the recipient's own rule"],
  ['550 The recipient has you on the personal block list', "the recipient's own rule"],
  ['421 4.7.0 Too many connections from your host, try again later', 'a limit of connections, it is taken for reputation'],
  ['421 too many messages in this session', 'a limit of the session is about the SENDER'],
  [
    'Host or domain name not found. Name service error for name=example.org type=MX: Host not found, try again',
    'a temporary DNS failure is INFRASTRUCTURE',
  ],
  ['421 4.3.2 System not accepting network messages, shutting down', 'says nothing about a domain'],
]);

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
  const lines = manifestLines();
  it.each(lines.filter(({ file }) => !DIFFERING.has(file)))('$file is $kind and means the same for each recipient', expectMeaning);
  it.fails.each(lines.filter(({ file }) => DIFFERING.has(file)))('$file means something else to the rules', expectMeaning);
});

function expectReply({ reply, type, reason, fault }: ReplyLine): void {
  const said = classifyEvidence({ channel: 'EMAIL', origin: 'SYNC', text: reply }, null, book);
  expect({ type: said.type, reason: said.reason, fault: said.fault }).toEqual({ type, reason, fault });
}

describe('every shipped reply', () => {
  const lines = replyLines();
  it.each(lines.filter(({ reply }) => !DIFFERING.has(reply)))('$reply', expectReply);
  it.fails.each(lines.filter(({ reply }) => DIFFERING.has(reply)))('$reply means something else to the rules', expectReply);

  it('is never hard where the address may be alive', () => {
    const hard = lines.filter(({ reply, type }) => {
      const said = classifyEvidence({ channel: 'EMAIL', origin: 'SYNC', text: reply }, null, book);
      return said.type === 'HARD' && type !== 'HARD';
    });
    expect(hard).toEqual([]);
  });
});
