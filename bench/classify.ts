/** Messages a second of the whole classification, against the MIME parser alone on the same bytes in the same run. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { defaultRuleBook } from '../src/domain/qualification/rule-book.ts';
import { classifyMessage } from '../src/reports/classify-message.ts';
import type { BenchResult } from './bench-result.ts';

export const name = 'classify';

const CORPUS = join(import.meta.dirname, '../../shared/corpus/open');
const ROUNDS = 8;

/** Reports of the usual shapes, for machines without the corpus. */
function ownMessages(): Uint8Array[] {
  return Array.from({ length: 400 }, (_, i) => {
    const notice = `Your message could not be delivered.\n\n<p${i}@customer.example>: host mx.customer.example[198.51.100.4] said: 550 5.1.1 account ${i} unknown (in reply to RCPT TO command)\n`;
    const status = `Reporting-MTA: dns; mx.sender.example\n\nFinal-Recipient: rfc822; p${i}@customer.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 account ${i} unknown\n`;
    const returned = `Message-ID: <${i}@sender.example>\nFrom: news@sender.example\nTo: p${i}@customer.example\nSubject: Offers\n\n${'All the offers of this week. '.repeat(100)}\n`;
    const parts = [
      `Content-Type: text/plain\n\n${notice}`,
      `Content-Type: message/delivery-status\n\n${status}`,
      `Content-Type: message/rfc822\n\n${returned}`,
    ];
    const body = parts.map((part) => `--b\n${part}\n`).join('');
    return Buffer.from(
      `From: MAILER-DAEMON@mx.sender.example\nSubject: Undelivered Mail Returned to Sender\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n${body}--b--\n`,
    );
  });
}

function messages(): Uint8Array[] {
  return existsSync(CORPUS) ? readdirSync(CORPUS).map((file) => readFileSync(join(CORPUS, file))) : ownMessages();
}

async function rate(count: number, round: () => Promise<void> | void): Promise<number> {
  await round();
  const started = performance.now();
  for (let i = 0; i < ROUNDS; i++) await round();
  return (ROUNDS * count * 1000) / (performance.now() - started);
}

export async function run(): Promise<BenchResult[]> {
  const raws = messages();
  const book = defaultRuleBook();
  const baseline = await rate(raws.length, async () => {
    for (const raw of raws) await PostalMime.parse(raw, { forceRfc822Attachments: true });
  });
  const value = await rate(raws.length, () => {
    for (const raw of raws) classifyMessage(raw, book);
  });
  // Time against the parser's time: below 1 the whole classification is faster than parsing alone.
  return [
    { name, value: Math.round(value), unit: 'messages/s', baseline: Math.round(baseline), ratio: Number((baseline / value).toFixed(3)) },
  ];
}
