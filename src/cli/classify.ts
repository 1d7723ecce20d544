import { createReadStream } from 'node:fs';
import { defaultRuleBook, type RuleBook } from '../domain/qualification/rule-book.ts';
import type { MessageKind } from '../domain/vocabulary.ts';
import { readLinesByChunk } from '../operations/text-lines.ts';
import { classifyEvidence } from '../reports/classify-message.ts';
import { type ClassifiedBatch, TABLE_HEAD, tableLine } from './classify-batch.ts';
import { ClassifyCrew } from './classify-crew.ts';
import { EXIT } from './command-error.ts';
import { explainFileError, type InputFile, listFiles, STDIN } from './input-files.ts';
import { Output } from './output.ts';
import { openProgress } from './progress.ts';
import { type RawMessage, readMessages } from './read-messages.ts';

export interface ClassifyOptions {
  readonly json?: boolean;
  /** The input is SMTP replies, one a line. */
  readonly replies?: boolean;
}

/** From so many messages on it pays to start threads. */
const MANY = 400;
const BATCH_MESSAGES = 32;
const BATCH_BYTES = 1024 * 1024;
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
  const crew = new ClassifyCrew(book, json ?? false);
  const print = async (answers: readonly ClassifiedBatch[]) => {
    for (const answer of answers) {
      for (const [kind, count] of answer.kinds) kinds.set(kind, (kinds.get(kind) ?? 0) + count);
      await output.text(answer.text);
    }
  };
  let problems = 0;
  let seen = 0;
  if (!json) await output.line(TABLE_HEAD);
  try {
    for await (const batch of batchesOf(readMessages(files, () => progress.advance()))) {
      for (const problem of batch.flatMap((message) => message.problem ?? [])) {
        problems += 1;
        process.stderr.write(`lazaret: ${problem}\n`);
      }
      seen += batch.length;
      if (files.length >= MANY || seen >= MANY) crew.start();
      await print(await crew.classify(batch));
      if (output.closed) break;
    }
    await print(await crew.end());
  } finally {
    await crew.close();
    progress.stop();
  }
  if (!json) await output.line(`\n${summary(kinds)}`);
  return problems;
}

/** In the order in which they are read; a batch is small, so that it can be kept while others are printed. */
async function* batchesOf(messages: AsyncIterable<RawMessage>): AsyncGenerator<RawMessage[]> {
  let batch: RawMessage[] = [];
  let size = 0;
  for await (const message of messages) {
    batch.push(message);
    size += message.raw?.length ?? 0;
    if (batch.length < BATCH_MESSAGES && size < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    size = 0;
  }
  if (batch.length > 0) yield batch;
}

async function classifyReplies(files: readonly InputFile[], book: RuleBook, output: Output, { json }: ClassifyOptions): Promise<number> {
  let problems = 0;
  if (!json) await output.line(TABLE_HEAD);
  for (const { name } of files) {
    try {
      for await (const lines of readLinesByChunk(name === STDIN ? process.stdin : createReadStream(name), REPLY_MAX_BYTES)) {
        for (const { number, text } of lines) {
          const said = classifyEvidence({ channel: 'EMAIL', origin: 'SYNC', text: replyOf(text) }, null, book);
          await output.line(json ? JSON.stringify(said) : tableLine(`${name}:${number}`, '', said));
        }
        // What is piped in line by line is answered before the next one comes.
        await output.flush();
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

function summary(kinds: ReadonlyMap<MessageKind, number>): string {
  const total = [...kinds.values()].reduce((sum, count) => sum + count, 0);
  const parts = [...kinds].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${count} ${kind}`);
  return [`${total} message${total === 1 ? '' : 's'}`, ...parts].join(', ');
}
