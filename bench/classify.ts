/**
 * Messages a second of the whole classification, against the MIME parser alone on the same bytes in the same run; and of the whole process, its start
 * included, against the rate that is known of others.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

/** What the fastest known classifier does, whole process, on one core. */
const KNOWN_RATE = 1_155;
const FILES = 2_152;
const RUNS = 5;
const COMMAND = join(import.meta.dirname, '../dist/cli.js');

/** The best of some runs of the command on a folder of files: the others were held up by neighbours. */
function processRate(raws: readonly Uint8Array[]): number {
  if (!existsSync(COMMAND)) throw new Error('dist/cli.js is not there: npm run build makes it');
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-classify-'));
  try {
    for (let index = 0; index < FILES; index += 1) writeFileSync(join(folder, `${index}.eml`), raws[index % raws.length] ?? '');
    const seconds = Array.from({ length: RUNS }, () => {
      const started = performance.now();
      const { status, stdout } = spawnSync(process.execPath, [COMMAND, 'classify', folder, '--json'], { maxBuffer: 1 << 28 });
      const answers = stdout.toString('latin1').split('\n').length - 1;
      if (status !== 0 || answers !== FILES) throw new Error(`${answers} of ${FILES} messages were answered, exit status ${status}`);
      return (performance.now() - started) / 1000;
    });
    return FILES / Math.min(...seconds);
  } finally {
    rmSync(folder, { recursive: true });
  }
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
  const whole = processRate(raws);
  // Time against time: below 1 the whole classification is faster than parsing alone, and the process than what is known of others.
  return [
    { name, value: Math.round(value), unit: 'messages/s', baseline: Math.round(baseline), ratio: Number((baseline / value).toFixed(3)) },
    {
      name: 'classify, whole process',
      value: Math.round(whole),
      unit: 'messages/s',
      baseline: KNOWN_RATE,
      ratio: Number((KNOWN_RATE / whole).toFixed(3)),
    },
  ];
}
