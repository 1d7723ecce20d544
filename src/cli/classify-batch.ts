import type { RuleBook } from '../domain/qualification/rule-book.ts';
import type { MessageKind } from '../domain/vocabulary.ts';
import { type ClassifiedMessage, type ClassifiedRecipient, classifyMessage } from '../reports/classify-message.ts';
import type { RawMessage } from './read-messages.ts';

/** What is to be printed of some messages, and how many of each kind they are. */
export interface ClassifiedBatch {
  /** Lines, each with its end. */
  readonly text: string;
  readonly kinds: readonly (readonly [MessageKind, number])[];
}

const NOTHING_SAID: ClassifiedMessage = { kind: 'OTHER', recipients: [] };

/** Says of each message what it means, in their order: one JSON object a line, or lines of a table. A message that cannot be read is OTHER. */
export function classifyBatch(messages: readonly RawMessage[], book: RuleBook, json: boolean): ClassifiedBatch {
  const lines: string[] = [];
  const kinds = new Map<MessageKind, number>();
  for (const { name, raw } of messages) {
    const message = raw === null ? NOTHING_SAID : classifyMessage(raw, book);
    kinds.set(message.kind, (kinds.get(message.kind) ?? 0) + 1);
    if (json) lines.push(JSON.stringify({ file: name, ...message }));
    else lines.push(...tableLines(name, message));
  }
  return { text: lines.map((line) => `${line}\n`).join(''), kinds: [...kinds] };
}

export const TABLE_HEAD = columns('FILE', 'KIND', 'RECIPIENT', 'TYPE', 'REASON', 'FAULT', 'TEXT');

function tableLines(name: string, { kind, recipients }: ClassifiedMessage): string[] {
  if (recipients.length === 0) return [columns(name, kind, '', '', '', '', '')];
  return recipients.map((recipient) => tableLine(name, kind, recipient));
}

export function tableLine(name: string, kind: string, { address, type, reason, fault, text }: ClassifiedRecipient): string {
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
