import type { RawMessage } from './read-messages.ts';

/** Some messages in one piece of memory, which goes to another thread without being copied again. */
export interface PackedBatch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** length null: the message could not be read. */
  readonly messages: readonly { readonly name: string; readonly length: number | null; readonly problem: string | null }[];
}

/** Copies: a message is often part of a much larger buffer, which would go along as a whole. */
export function pack(messages: readonly RawMessage[]): PackedBatch {
  const bytes = new Uint8Array(messages.reduce((sum, { raw }) => sum + (raw?.length ?? 0), 0));
  let at = 0;
  for (const { raw } of messages) {
    if (raw === null) continue;
    bytes.set(raw, at);
    at += raw.length;
  }
  return { bytes, messages: messages.map(({ name, raw, problem }) => ({ name, length: raw?.length ?? null, problem })) };
}

export function unpack({ bytes, messages }: PackedBatch): RawMessage[] {
  let at = 0;
  return messages.map(({ name, length, problem }) => {
    if (length === null) return { name, raw: null, problem };
    at += length;
    return { name, raw: Buffer.from(bytes.buffer, bytes.byteOffset + at - length, length), problem };
  });
}
