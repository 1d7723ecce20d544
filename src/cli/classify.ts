import { createReadStream } from 'node:fs';
import { defaultRuleBook, type RuleBook } from '../domain/qualification/rule-book.ts';
import type { MessageKind } from '../domain/vocabulary.ts';
import { type ClassifiedMessage, type ClassifiedRecipient, classifyEvidence, classifyMessage } from '../reports/classify-message.ts';
import { EXIT } from './command-error.ts';
import { explainFileError, type InputFile, listFiles, STDIN } from './input-files.ts';
import { Output } from './output.ts';
import { openProgress } from './progress.ts';
import { readMessages } from './read-messages.ts';
import { readTextLines } from './text-lines.ts';

export interface ClassifyOptions {
  readonly json?: boolean;
  /** The input is SMTP replies, one a line. */
  readonly replies?: boolean;
}

const NOTHING_SAID: ClassifiedMessage = { kind: 'OTHER', recipients: [] };
const REPLY_MAX_BYTES = 1024 * 1024;

/**
 * `lazaret classify`: says what raw messages or SMTP replies mean, by the rules that every instance starts with. Touches no database.
 *
 * @returns the exit status: refused where a file could not be read; its message is OTHER
 */
export async function runClassify(paths: readonly string[], options: ClassifyOptions): Promise<number> {
  const files = await listFiles(paths);
  const book = defaultRuleBook();
  const output = new Output();
  const problems = options.replies
    ? await classifyReplies(files, book, output, options)
    : await classifyFiles(files, book, output, options);
  await output.flush();
  return problems === 0 ? EXIT.done : EXIT.refused;
}

async function classifyFiles(files: readonly InputFile[], book: RuleBook, output: Output, { json }: ClassifyOptions): Promise<number> {
  const progress = await openProgress('classifying', files.length);
  const kinds = new Map<MessageKind, number>();
  let problems = 0;
  if (!json) await output.line(HEAD);
  for await (const { name, raw, problem } of readMessages(files, () => progress.advance())) {
    if (problem !== null) {
      problems += 1;
      process.stderr.write(`lazaret: ${problem}\n`);
    }
    const message = raw === null ? NOTHING_SAID : classifyMessage(raw, book);
    kinds.set(message.kind, (kinds.get(message.kind) ?? 0) + 1);
    if (json) await output.line(JSON.stringify({ file: name, ...message }));
    else for (const line of tableLines(name, message)) await output.line(line);
    if (output.closed) break;
  }
  progress.stop();
  if (!json) await output.line(`\n${summary(kinds)}`);
  return problems;
}

async function classifyReplies(files: readonly InputFile[], book: RuleBook, output: Output, { json }: ClassifyOptions): Promise<number> {
  let problems = 0;
  if (!json) await output.line(HEAD);
  for (const { name } of files) {
    try {
      for await (const { number, text } of readTextLines(name === STDIN ? process.stdin : createReadStream(name), REPLY_MAX_BYTES)) {
        const said = classifyEvidence({ channel: 'EMAIL', origin: 'SYNC', text: replyOf(text) }, null, book);
        await output.line(json ? JSON.stringify(said) : tableLine(`${name}:${number}`, '', said));
        if (output.closed) return problems;
      }
    } catch (error) {
      problems += 1;
      process.stderr.write(`lazaret: ${explainFileError(name, error)}\n`);
    }
  }
  return problems;
}

/** A line is the reply itself, or a JSON string, for replies of several lines. */
function replyOf(line: string): string {
  if (!line.startsWith('"')) return line;
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'string' ? parsed : line;
  } catch {
    return line;
  }
}

const HEAD = columns('FILE', 'KIND', 'RECIPIENT', 'TYPE', 'REASON', 'FAULT', 'TEXT');

function tableLines(name: string, { kind, recipients }: ClassifiedMessage): string[] {
  if (recipients.length === 0) return [columns(name, kind, '', '', '', '', '')];
  return recipients.map((recipient) => tableLine(name, kind, recipient));
}

function tableLine(name: string, kind: string, { address, type, reason, fault, text }: ClassifiedRecipient): string {
  return columns(name, kind, address ?? '-', type, reason, fault, text);
}

/** Names are cut at their beginning, where they are alike; texts at their end. */
function columns(name: string, kind: string, address: string, type: string, reason: string, fault: string, text: string): string {
  const shortName = name.length > 40 ? `...${name.slice(-37)}` : name;
  const cells = [shortName.padEnd(40), kind.padEnd(11), shown(address, 36).padEnd(36), type.padEnd(9), reason.padEnd(16), fault.padEnd(14)];
  return [...cells, shown(text, 100)].join('  ').trimEnd();
}

function shown(text: string, most: number): string {
  const plain = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return plain.length > most ? `${plain.slice(0, most - 3)}...` : plain;
}

function summary(kinds: ReadonlyMap<MessageKind, number>): string {
  const total = [...kinds.values()].reduce((sum, count) => sum + count, 0);
  const parts = [...kinds].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${count} ${kind}`);
  return [`${total} message${total === 1 ? '' : 's'}`, ...parts].join(', ');
}
