import { execFile } from 'node:child_process';
import { mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultRuleBook } from '../../src/domain/qualification/rule-book.ts';
import { classifyMessage } from '../../src/reports/classify-message.ts';
import { scratchFolder } from '../integration/import/import-files.ts';
import { runCommand, startCommand } from '../support/command.ts';
import { FIXTURES, manifestLines, readMessage, replyLines } from '../support/fixtures.ts';

interface Line {
  readonly file: string;
  readonly kind: string;
  readonly recipients: readonly { readonly address: string; readonly type: string; readonly reason: string }[];
}

const linesOf = <T>(text: string): T[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);

// No database may be touched: this one does not exist.
const NOWHERE = { DATABASE_URL: 'postgresql://nobody@127.0.0.1:9/nothing' };

describe('lazaret classify', () => {
  let folder: string;
  let remove: () => Promise<void>;
  beforeAll(async () => {
    ({ folder, remove } = await scratchFolder());
  });
  afterAll(() => remove());

  test('says of every message of a folder what it means, one object a line, sorted by file', async () => {
    const { exitCode, stdout, stderr } = await runCommand(['classify', join(FIXTURES, 'messages'), '--json'], NOWHERE);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const lines = linesOf<Line>(stdout);
    const expected = manifestLines().toSorted((a, b) => (a.file < b.file ? -1 : 1));
    expect(lines.map(({ file, kind }) => [basename(file), kind])).toEqual(expected.map(({ file, kind }) => [basename(file), kind]));
    const recipient = lines.flatMap(({ recipients }) => recipients)[0] ?? {};
    expect(Object.keys(recipient)).toEqual([
      'address',
      'type',
      'reason',
      'fault',
      'decidedBy',
      'smtpCode',
      'enhancedCode',
      'text',
      'normalizedText',
      'md5',
    ]);
  });

  test('many messages are answered in the order of the input, each as it is answered alone, whichever thread does it', async () => {
    const files = manifestLines().map(({ file }) => file);
    const copies = Array.from({ length: 20 }, () => files).flat();
    const many = join(folder, 'many');
    await mkdir(many);
    for (const [index, file] of copies.entries()) {
      await writeFile(join(many, `${String(index).padStart(5, '0')}.eml`), readMessage(file));
    }
    const { stdout, stderr } = await runCommand(['classify', many, '--json'], NOWHERE);
    expect(stderr).toBe('');
    const book = defaultRuleBook();
    const alone = new Map(files.map((file) => [file, classifyMessage(readMessage(file), book)]));
    const expected = copies.map((file, index) => ({ file: join(many, `${String(index).padStart(5, '0')}.eml`), ...alone.get(file) }));
    expect(linesOf<object>(stdout)).toEqual(expected);
  });

  test('takes replies from standard input, plain or as JSON strings, and answers each line in its place', async () => {
    const replies = replyLines().slice(0, 40);
    const input = replies.map(({ reply }, index) => (index % 2 === 0 && !reply.includes('\n') ? reply : JSON.stringify(reply)));
    const { exitCode, stdout } = await runCommand(['classify', '--replies', '--json', '-'], NOWHERE, `${input.join('\n')}\n\n550 "quoted`);
    expect(exitCode).toBe(0);
    const lines = linesOf<{ text: string; type: string; address: null }>(stdout);
    expect(lines.map(({ text }) => text)).toEqual([...replies.map(({ reply }) => reply), '', '550 "quoted']);
    expect(Object.keys(lines[0] ?? {})).toContain('normalizedText');
  });

  test('answers a reply that is piped in before the next one comes', async () => {
    const pipe = join(folder, 'replies');
    await promisify(execFile)('mkfifo', [pipe]);
    const command = startCommand(['classify', '--replies', pipe, '--json'], NOWHERE);
    const writer = await open(pipe, 'w');
    await writer.write('550 5.1.1 user unknown\n');
    await command.said(/"USER_UNKNOWN"/);
    await writer.write('452 4.2.2 mailbox full\n');
    await command.said(/"MAILBOX_FULL"/);
    await writer.close();
    expect(await command.exited).toBe(0);
  });

  test('reads mbox files, numbers their messages, and says OTHER and 1 where a file cannot be read', async () => {
    const message = await readFile(join(FIXTURES, 'messages/postfix-unknown-user.eml'), 'utf8');
    await mkdir(join(folder, 'mail/cur'), { recursive: true });
    await writeFile(
      join(folder, 'mail/box'),
      `From a@example.com Tue May 12 10:00:00 2026\n${message}\n\nFrom b@example.com Tue May 12 10:00:01 2026\nSubject: x\n\ny\n`,
    );
    await writeFile(join(folder, 'mail/cur/empty'), '');
    await writeFile(join(folder, 'mail/.hidden'), message);
    await symlink(join(folder, 'nowhere'), join(folder, 'mail/link'));
    const { exitCode, stdout, stderr } = await runCommand(['classify', join(folder, 'mail'), '--json'], NOWHERE);
    expect(exitCode).toBe(1);
    expect(stderr).toBe(`lazaret: ${join(folder, 'mail/link')} does not exist\n`);
    expect(linesOf<Line>(stdout).map(({ file, kind }) => [file.slice(join(folder, 'mail').length + 1), kind])).toEqual([
      ['box#1', 'BOUNCE'],
      ['box#2', 'OTHER'],
      ['cur/empty', 'OTHER'],
      ['link', 'OTHER'],
    ]);
  });

  test('without --json prints a table for people, and a path that does not exist is wrong usage', async () => {
    const file = join(FIXTURES, 'messages/postfix-unknown-user.eml');
    const [table, missing] = await Promise.all([
      runCommand(['classify', file], NOWHERE),
      runCommand(['classify', join(folder, 'gone')], NOWHERE),
    ]);
    expect(table.exitCode).toBe(0);
    expect(table.stdout).toMatch(
      /^FILE +KIND +RECIPIENT +TYPE +REASON +FAULT +TEXT\n.*BOUNCE +elif\.moorcastle@\S+ +HARD +USER_UNKNOWN +RECIPIENT +.*\n\n1 message, 1 BOUNCE\n$/,
    );
    expect(missing).toEqual({ exitCode: 2, stdout: '', stderr: `lazaret: ${join(folder, 'gone')} does not exist\n` });
  });
});
