import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { bundleCommand } from '../support/bundle-command.ts';
import { manifestLines, readMessage } from '../support/fixtures.ts';

/** 100,000 messages through `lazaret classify` on standard input: every answer, in the order of the input, and no growing memory. */
export const name = 'classify-memory';

const MESSAGES = 100_000;
/** By then the heaps of all threads have their working size. */
const WARM_UP = 20_000;
const MEGABYTE = 1 << 20;
/** What garbage collection leaves about; the messages that are still to come are more than 400. */
const ALLOWED_GROWTH = 60 * MEGABYTE;

/** The messages of fixtures/ over and over as one mbox, each for another person. */
async function* mbox(): AsyncGenerator<string> {
  const texts = manifestLines().map(({ file }) =>
    readMessage(file)
      .toString('latin1')
      .replace(/^(>*From )/gm, '>$1'),
  );
  for (let index = 0; index < MESSAGES; index += 1) {
    const text = (texts[index % texts.length] ?? '').replaceAll(/[\w.+-]+(?=@[\w-]+\.(?:example|test)\b)/g, (local) => `${local}.${index}`);
    yield `From MAILER-DAEMON Tue May 12 10:00:00 2026\n${text}\n\n`;
  }
}

/** Resident, of the whole process with its threads. */
function memoryOf(pid: number): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

export async function run(): Promise<void> {
  if (process.platform !== 'linux') throw new Error('memory is read from /proc: this check runs on Linux');
  // Bundled: only so it works with threads.
  const command = await bundleCommand();
  try {
    await check(spawn(process.execPath, [command.file, 'classify', '-', '--json'], { stdio: ['pipe', 'pipe', 'inherit'] }));
  } finally {
    await command.remove();
  }
}

async function check(child: ChildProcessByStdio<Writable, Readable, null>): Promise<void> {
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const fed = pipeline(Readable.from(mbox()), child.stdin);
  let answers = 0;
  let before = 0;
  let most = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    answers += 1;
    const { file } = JSON.parse(line) as { file: string };
    if (file !== `-#${answers}`) throw new Error(`answer ${answers} is of ${file}`);
    if (answers % 1_000 !== 0 || child.pid === undefined) continue;
    if (answers <= WARM_UP) before = Math.max(before, memoryOf(child.pid));
    else if (child.exitCode === null) most = Math.max(most, memoryOf(child.pid));
  }
  await fed;
  const status = await ended;
  console.log(`      memory up to ${WARM_UP} messages ${mb(before)} MB, up to ${MESSAGES} messages ${mb(most)} MB`);
  if (status !== 0 || answers !== MESSAGES) throw new Error(`${answers} answers, exit status ${status}`);
  if (most === 0 || most - before > ALLOWED_GROWTH) throw new Error(`the memory grew by ${mb(most - before)} MB`);
}

const mb = (bytes: number): number => Math.round(bytes / MEGABYTE);
