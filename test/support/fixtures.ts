/** Reads the messages and replies of fixtures/ with their meanings. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FailureReason, FailureType, Fault, MessageKind } from '../../src/domain/vocabulary.ts';

export const FIXTURES = join(import.meta.dirname, '../../fixtures');

/** What is expected of a recipient; null where the meaning of the message leaves it open. */
export type ExpectedRecipient = {
  readonly address: string;
  readonly type: FailureType | null;
  readonly reason: FailureReason | null;
  readonly fault: Fault | null;
};

export type ManifestLine = {
  readonly file: string;
  readonly madeBy: string;
  readonly kind: MessageKind;
  readonly recipients: readonly ExpectedRecipient[];
};

export type ReplyLine = { readonly reply: string; readonly type: FailureType; readonly reason: FailureReason; readonly fault: Fault };

const nonEmptyLines = (file: string): readonly string[] =>
  readFileSync(join(FIXTURES, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '');

export const manifestLines = (): readonly ManifestLine[] => nonEmptyLines('manifest.jsonl').map((line): ManifestLine => JSON.parse(line));
export const replyLines = (): readonly ReplyLine[] => nonEmptyLines('replies.jsonl').map((line): ReplyLine => JSON.parse(line));
export const readMessage = (file: string): Buffer => readFileSync(join(FIXTURES, file));
