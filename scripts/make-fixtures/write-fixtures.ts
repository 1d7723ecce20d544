/**
 * Writes fixtures/: the messages that came back (FOLDER holds what the boxes kept), the composed ones, the manifest and the replies.
 *
 * Usage: write-fixtures.ts FOLDER. Cases of which FOLDER holds nothing keep the message they have; a case without any is left out.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MessageKind } from '../../src/domain/vocabulary.ts';
import { CASES, type Case } from './cases.ts';
import { COMPOSED, type ComposedRecipient } from './composed.ts';
import { REPLIES } from './replies.ts';
import { returnedFile } from './returned.ts';

type Line = { file: string; madeBy: string; kind: MessageKind; recipients: readonly ComposedRecipient[] };

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: write-fixtures.ts FOLDER');
const fixtures = join(import.meta.dirname, '../../fixtures');
const messages = join(fixtures, 'messages');
mkdirSync(messages, { recursive: true });
const returned = readdirSync(folder);

const manifestPath = join(fixtures, 'manifest.jsonl');
const jsonLines = (values: readonly unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');
const oldLines = existsSync(manifestPath)
  ? readFileSync(manifestPath, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line): Line => JSON.parse(line))
  : [];

/** Which programs made it, with Debian's package versions, as the box wrote them down. */
function madeBy(item: Case): string | null {
  const path = join(folder ?? '', `version.${item.pass.split('-')[0] ?? ''}`);
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').join(', ') : null;
}

function recipientsOf(item: Case): readonly ComposedRecipient[] {
  return item.recipients.map(({ address, meaning }) => {
    if (item.kind === 'DELIVERED') return { address, type: null, reason: null, fault: null };
    return { address, ...meaning, ...(item.kind === 'AUTO_REPLY' ? { fault: null } : {}) };
  });
}

const lines: Line[] = [];
for (const item of CASES) {
  const file = `messages/${item.id}.eml`;
  const source = returnedFile(item, returned, (name) => readFileSync(join(folder, name), 'latin1'));
  if (source !== null) writeFileSync(join(fixtures, file), readFileSync(join(folder, source)));
  if (!existsSync(join(fixtures, file))) continue;
  const maker = (source === null ? null : madeBy(item)) ?? oldLines.find((line) => line.file === file)?.madeBy ?? 'unknown';
  lines.push({ file, madeBy: maker, kind: item.kind, recipients: recipientsOf(item) });
}
for (const { id, kind, recipients, text } of COMPOSED) {
  const file = `messages/${id}.eml`;
  writeFileSync(join(fixtures, file), text.replaceAll('\n', '\r\n'));
  lines.push({ file, madeBy: 'composed', kind, recipients });
}
for (const name of readdirSync(messages)) {
  if (!lines.some((line) => line.file === `messages/${name}`)) rmSync(join(messages, name));
}
writeFileSync(manifestPath, jsonLines(lines));
writeFileSync(join(fixtures, 'replies.jsonl'), jsonLines(REPLIES));
console.log(`${lines.length} messages, ${REPLIES.length} replies`);
