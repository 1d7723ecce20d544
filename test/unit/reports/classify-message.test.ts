import { describe, expect, it } from 'vitest';
import { defaultRuleBook } from '../../../src/domain/qualification/rule-book.ts';
import { classifyMessage } from '../../../src/reports/classify-message.ts';
import { parseMessage } from '../../../src/reports/parse-message.ts';
import { bytesOf, rawMail, rawReport, reportText } from './raw-mail.ts';

const book = defaultRuleBook();
const HEAD = 'Reporting-MTA: dns; mx.sender.example';

function statusOf(action: string, code: string, diagnostic: string): string {
  return `${HEAD}\n\nFinal-Recipient: rfc822; ann@customer.example\nAction: ${action}\nStatus: ${code}\nDiagnostic-Code: smtp; ${diagnostic}`;
}

describe('a classified message', () => {
  it('has the contract’s fields', () => {
    const { kind, recipients } = classifyMessage(
      rawReport({ status: statusOf('failed', '5.1.1', '550 5.1.1 <ann@customer.example>: User unknown') }),
      book,
    );
    expect(kind).toBe('BOUNCE');
    expect(recipients).toHaveLength(1);
    expect(Object.keys(recipients[0] ?? {}).sort()).toEqual(
      ['address', 'type', 'reason', 'fault', 'decidedBy', 'smtpCode', 'enhancedCode', 'text', 'normalizedText', 'md5'].sort(),
    );
    expect(recipients[0]).toMatchObject({
      type: 'HARD',
      reason: 'USER_UNKNOWN',
      fault: 'RECIPIENT',
      smtpCode: 550,
      enhancedCode: '5.1.1',
      normalizedText: '550 5.1.1 <*>: User unknown',
    });
  });

  it('never calls a delay hard (A4)', () => {
    const { kind, recipients } = classifyMessage(rawReport({ status: statusOf('delayed', '4.1.1', '450 4.1.1 User unknown') }), book);
    expect(kind).toBe('DELAY');
    expect(recipients[0]?.type).toBe('SOFT');
  });

  it('calls a delay unreachable where nothing more is said', () => {
    const { recipients } = classifyMessage(
      rawReport({ status: `${HEAD}\n\nFinal-Recipient: rfc822; ann@customer.example\nAction: delayed\nStatus: 4.0.0` }),
      book,
    );
    expect(recipients[0]).toMatchObject({ type: 'SOFT', reason: 'UNREACHABLE' });
  });

  it('is decided by the inner reply, not by the expiry around it', () => {
    const { recipients } = classifyMessage(
      rawReport({ status: statusOf('failed', '4.4.7', '450 4.2.2 <ann@customer.example>: Mailbox full') }),
      book,
    );
    expect(recipients[0]).toMatchObject({ type: 'SOFT', reason: 'MAILBOX_FULL' });
  });

  it('of a complaint denylists, of an automatic reply ignores, of a success says nothing', () => {
    const complaint = rawMail({
      from: 'f@p.example',
      contentType: 'multipart/report; boundary=f',
      body: '--f\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Rcpt-To: ann@customer.example\n--f--\n',
    });
    expect(classifyMessage(complaint, book).recipients[0]).toMatchObject({ type: 'HARD', reason: 'DENYLISTED', decidedBy: 'complaint' });
    const reply = rawMail({ from: 'ann@customer.example', subject: 'Out of office', body: 'Away.' });
    expect(classifyMessage(reply, book).recipients[0]).toMatchObject({ type: 'IGNORED', reason: 'UNDEFINED' });
    const success = rawReport({ status: statusOf('delivered', '2.0.0', '250 ok') });
    expect(classifyMessage(success, book)).toMatchObject({ kind: 'DELIVERED', recipients: [{ type: 'UNDEFINED', reason: 'UNDEFINED' }] });
  });

  it('does not hurt a recipient for what was wrong with the sender', () => {
    const { recipients } = classifyMessage(
      rawReport({ status: statusOf('failed', '5.1.8', '553 5.1.8 <news@sender.example>... Domain of sender address does not exist') }),
      book,
    );
    expect(recipients[0]).toMatchObject({ type: 'SOFT', reason: 'REFUSED', fault: 'SENDER' });
  });
});

describe('the text of a report', () => {
  const ALONE = 'Your message to ann@customer.example could not be delivered.';
  const BOTH = 'Your message to ann@customer.example and bob@other.example could not be delivered.';

  it.each([
    ['91987e70-1d12-4c18', ALONE],
    ['b6721342-6e6d-cf4e', ALONE],
    ['4711', ALONE],
    ['ABC', ALONE],
    ['Zelda52628710', ALONE],
    ['Zelda52628710', BOTH],
    ['4711', BOTH.replace(' and', ',')],
    ['4711', BOTH.replace('ann@customer.example and bob@other.example', 'bob@other.example or ann@customer.example')],
  ])('is the reply, whatever id stands in it: %s, and whomever the notice names: %s', (id, notice) => {
    const reply = `550 5.1.1 ${id}: former@customer.example left`;
    const { recipients } = classifyMessage(rawReport({ status: statusOf('failed', '5.1.1', reply), notice }), book);
    expect(recipients.map(({ address, text }) => [address, text])).toEqual([['ann@customer.example', reply]]);
  });
});

describe('the key of a message', () => {
  const text = reportText({ status: statusOf('failed', '5.1.1', '550 gone') });
  const key = (raw: string) => parseMessage(bytesOf(raw)).dedupeKey;

  it('is the same through two doors', () => {
    expect(key(text.replace(/\n/g, '\r\n'))).toBe(key(text));
    expect(key(`From MAILER-DAEMON Mon Feb  2 10:05:00 2026\n${text}`)).toBe(key(text));
    expect(key(`Received: from a by b; Mon, 2 Feb 2026 10:06:00 +0000\n${text}\n`)).toBe(key(text));
  });

  it('is the same out of an mbox file, which quotes lines that begin with From', () => {
    const body = (line: string) => text.replace(/\n\n(?=--)/, `\n\n${line} the mail server:\n\n$&`);
    expect(body('From')).toContain('\nFrom the mail server');
    expect(key(body('>From'))).toBe(key(body('From')));
    expect(key(body('>>From'))).toBe(key(body('From')));
    expect(key(body('> From'))).not.toBe(key(body('From')));
  });

  it('differs with Message-ID, Date and body', () => {
    expect(key(text.replace('report-77', 'report-78'))).not.toBe(key(text));
    expect(key(text.replace('10:05:00', '10:05:01'))).not.toBe(key(text));
    expect(key(text.replace('550 gone', '550 Gone'))).not.toBe(key(text));
  });
});
