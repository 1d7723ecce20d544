import { describe, expect, it } from 'vitest';
import { defaultRuleBook } from '../../../src/domain/qualification/rule-book.ts';
import { MESSAGE_KINDS } from '../../../src/domain/vocabulary.ts';
import { classifyMessage } from '../../../src/reports/classify-message.ts';
import { hostileMails, mutatedMail } from './mutate-mail.ts';
import { bytesOf, mailText, reportText } from './raw-mail.ts';

const book = defaultRuleBook();

/** Processor time, so that a busy machine does not fail the test. */
function millisecondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

const STATUS =
  'Reporting-MTA: dns; mx.sender.example\n\nFinal-Recipient: rfc822; ann@customer.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such account';
const SAMPLES = [
  bytesOf(reportText({ status: STATUS })),
  bytesOf(
    mailText({
      body: 'Your message could not be delivered.\n\n<ann@customer.example>: host mx.customer.example[198.51.100.4] said: 550 gone (in reply to RCPT TO command)\n',
    }),
  ),
  bytesOf(
    mailText({
      subject: 'Undeliverable',
      contentType: 'text/html',
      body: '<html><body>Delivery has failed to these recipients:<br>ann@customer.example<br>550 &#5.1.1; gone</body></html>',
    }),
  ),
  bytesOf(
    mailText({
      from: 'fbl@p.example',
      contentType: 'multipart/report; report-type=feedback-report; boundary=f',
      body: '--f\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Rcpt-To: ann@customer.example\n--f--\n',
    }),
  ),
  bytesOf(
    mailText({
      from: 'no-reply@sns.example',
      body: '{"notificationType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress":"ann@customer.example"}]}}',
    }),
  ),
  bytesOf(
    mailText({ from: 'Ann <ann@customer.example>', subject: '=?iso-2022-jp?B?GyRCSVQ6XxsoQg==?=', body: 'I am out of the office.\n' }),
  ),
];

describe('whatever bytes arrive', () => {
  it('500 damaged messages are classified without a throw and in time', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const raw = mutatedMail(SAMPLES, seed);
      const started = process.cpuUsage();
      const classified = classifyMessage(raw, book);
      expect(millisecondsSince(started), `seed ${seed}`).toBeLessThan(1000);
      expect(MESSAGE_KINDS).toContain(classified.kind);
      for (const recipient of classified.recipients) expect(recipient.md5).toMatch(/^[0-9a-f]{32}$/);
    }
  });

  it.each(hostileMails())('%s takes less than a second', (_, raw) => {
    const started = process.cpuUsage();
    const classified = classifyMessage(raw, book);
    expect(millisecondsSince(started)).toBeLessThan(1000);
    expect(MESSAGE_KINDS).toContain(classified.kind);
  });
});
