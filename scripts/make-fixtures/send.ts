/**
 * Sends the cases of one pass through a mail server and waits for what comes back.
 *
 * Usage: send.ts PASS FOLDER [COMMAND...]. Without a command the mail goes by SMTP to the server at 127.0.0.2; with one it is given
 * to the command's standard input, followed by `-f SENDER RECIPIENT...` (the sendmail interface).
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CASES, type Case } from './cases.ts';
import { hashText } from './people.ts';
import { returnedFile } from './returned.ts';
import { APPLICATION, MAIL_SERVER, SENDER } from './world.ts';

const [pass = '', folder = '', ...command] = process.argv.slice(2);
const waitMs = Number(process.env.WAIT_SECONDS ?? 60) * 1000;

function body(size: number): string {
  const text = 'This week: three walks along the coast, a recipe with late apples, and what our readers found in the attic.\r\n';
  return text.repeat(Math.max(1, Math.ceil(size / text.length)));
}

function compose(item: Case): string {
  const id = hashText(item.id).toString(16).padStart(8, '0');
  const list = [
    'List-Id: Lantern Weekly <weekly.news.example.com>',
    'List-Unsubscribe: <mailto:leave@news.example.com>',
    'Precedence: bulk',
  ];
  const headers = [
    item.personal === true ? 'From: Ada Lantern <ada@news.example.com>' : 'From: Lantern Weekly <weekly@news.example.com>',
    `To: ${item.to.join(',\r\n ')}`,
    `Subject: ${item.personal === true ? 'Are you free on Thursday?' : 'Lantern Weekly, autumn issue'}`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}.weekly@news.example.com>`,
    ...(item.personal === true ? [] : list),
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
  ];
  return `${headers.join('\r\n')}\r\n\r\n${body(item.size ?? 0)}`;
}

const envelopeSender = (item: Case): string => `bounces+${item.id}@${SENDER.domain}`;

/** One SMTP dialogue, a command at a time; throws on the first answer that is no success. */
async function bySmtp(item: Case): Promise<void> {
  const socket = createConnection({ host: MAIL_SERVER.address, port: 25, localAddress: APPLICATION.address });
  const lines: string[] = [];
  let wake: () => void = () => {};
  let rest = '';
  socket.setEncoding('utf8').setTimeout(20_000, () => socket.destroy(new Error('timeout')));
  socket.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\r\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    wake();
  });
  let failure: Error | null = null;
  socket.on('error', (error) => {
    failure = error;
    wake();
  });
  const answer = async (): Promise<string> => {
    for (;;) {
      if (failure !== null) throw failure;
      const line = lines.shift();
      if (line === undefined) await new Promise<void>((resolve) => (wake = resolve));
      else if (line[3] !== '-') return line;
    }
  };
  const say = async (text: string): Promise<void> => {
    socket.write(`${text}\r\n`);
    const line = await answer();
    if (!/^[23]/.test(line)) throw new Error(`${text} -> ${line}`);
  };
  await answer();
  await say(`EHLO ${APPLICATION.name}`);
  const notify = item.notify === undefined ? '' : ` NOTIFY=${item.notify}`;
  await say(`MAIL FROM:<${envelopeSender(item)}>${item.smtputf8 === true ? ' SMTPUTF8' : ''}`);
  for (const to of item.to) await say(`RCPT TO:<${to}>${notify}`);
  await say('DATA');
  await say(`${compose(item)}.`);
  await say('QUIT');
  socket.destroy();
}

function byCommand(item: Case): void {
  const [program = '', ...options] = command;
  const input = compose(item).replaceAll('\r\n', '\n');
  const done = spawnSync(program, [...options, '-f', envelopeSender(item), ...item.to], { input, timeout: 20_000 });
  if (done.status !== 0) throw new Error(`${program} ended with ${done.status}: ${done.stderr}`);
}

const cases = CASES.filter((item) => item.pass === pass);
for (const item of cases) {
  try {
    if (command.length > 0) byCommand(item);
    else await bySmtp(item);
  } catch (error) {
    console.error(`${item.id}: not accepted: ${String(error)}`);
  }
}
const missing = (): readonly Case[] => {
  const files = readdirSync(folder);
  return cases.filter((item) => returnedFile(item, files, (file) => readFileSync(`${folder}/${file}`, 'latin1')) === null);
};
const deadline = Date.now() + waitMs;
while (missing().length > 0 && Date.now() < deadline) await sleep(500);
for (const item of missing()) console.error(`${item.id}: nothing came back`);
console.log(`${pass}: ${cases.length - missing().length} of ${cases.length} came back`);
