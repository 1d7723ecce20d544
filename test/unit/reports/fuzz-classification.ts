/** Classifies damaged messages by the thousand: the unit tests run a few, the soak test 20,000. */

import type { RuleBook } from '../../../src/domain/qualification/rule-book.ts';
import { MESSAGE_KINDS } from '../../../src/domain/vocabulary.ts';
import { classifyMessage } from '../../../src/reports/classify-message.ts';
import { millisecondsSince } from '../../support/cpu-time.ts';
import { mutatedMail } from './mutate-mail.ts';
import { bytesOf, mailText, reportText } from './raw-mail.ts';

const STATUS =
  'Reporting-MTA: dns; mx.sender.example\n\nFinal-Recipient: rfc822; ann@customer.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such account';

/** One message of each shape to start from. */
export const FUZZ_SAMPLES: readonly Uint8Array[] = [
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
    mailText({
      from: 'Ann <ann@customer.example>',
      subject: '=?iso-2022-jp?B?GyRCSVQ6XxsoQg==?=',
      body: 'I am out of the office.\n',
    }),
  ),
];

/** What a fuzz run saw. */
export interface FuzzOutcome {
  readonly slowestMs: number;
  readonly slowestSeed: number;
  /** Findings outside the contract; empty when all is well. */
  readonly wrong: readonly string[];
}

/** Classifies the messages of the seeds `from` to `from + count - 1`. A throw of the classifier goes through. */
export function fuzzClassification(book: RuleBook, count: number, from = 1): FuzzOutcome {
  let slowestMs = 0;
  let slowestSeed = from;
  const wrong: string[] = [];
  for (let seed = from; seed < from + count; seed++) {
    const raw = mutatedMail(FUZZ_SAMPLES, seed);
    const started = process.cpuUsage();
    const { kind, recipients } = classifyMessage(raw, book);
    const took = millisecondsSince(started);
    if (took > slowestMs) [slowestMs, slowestSeed] = [took, seed];
    if (!MESSAGE_KINDS.includes(kind)) wrong.push(`seed ${seed}: kind ${kind}`);
    for (const { md5 } of recipients) if (!/^[0-9a-f]{32}$/.test(md5)) wrong.push(`seed ${seed}: md5 ${md5}`);
  }
  return { slowestMs, slowestSeed, wrong };
}
