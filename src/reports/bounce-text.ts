/**
 * Reads the human-readable text of a failure report: which recipients it names, and what is said about each of them.
 *
 * Dozens of programs write such texts and none follows a standard, so the reader knows shapes, not programs: an address that heads a
 * paragraph, an address behind a colon, an address in a sentence about a delivery; and in front of all, sendmail's sections.
 */

import { findAddresses, firstAddress, localPart } from './found-address.ts';

const MAX_LINES = 1500;
const MAX_LINE = 2000;
const MAX_CHUNK = 6000;
const MAX_RECIPIENTS = 300;

/** What the text says about one recipient. */
export interface TextRecipient {
  readonly address: string;
  /** The address it was expanded to or from, where the text tells. */
  readonly otherAddress: string | null;
  readonly text: string;
  /** False where the address only stands somewhere in the text, in no place that is a recipient's. */
  readonly clear: boolean;
}

interface Head {
  readonly line: number;
  readonly address: string;
  /** What stands behind the address on its line. */
  readonly rest: string;
  readonly rank: number;
}

const LIST_MARKER = /^[\s>*+\-•·|]{0,12}(?:\d{1,3}[.)]\s)?(?:SMTP\s+(?=<))?/;
/** Sendmail's summary of a refusal: `550 5.1.1 <ann@example.com>... User unknown`. */
const SUMMARY = /^[45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3} )?(?=\S{1,200}\.\.\. )/;
const AFTER_HEAD = /^(?:\s*$|\s*[:;,(|]|\s*\.{2,}|\s*[-–—=]|\s+on\s|\s*<|\s+\S)/;
const COLON_BEFORE = /(?:^|[\s(])(?:[^\s:]{1,40}\s){0,7}[^\s:]{1,40}\s*[:：]\s*[<"']?$/;
const NOT_A_RECIPIENT =
  /(?:mail from|sender|from|reply-to|contact|contacting|(?<!\b(?:your|the|this|an) )e-?mail to|mailto|help|support|assistance|questions?|please (?:contact|send|mail|e-?mail|write)|message-id|id|postmaster|kontakt|contactez|contacte|owner|cc|subject|envelope-from|return-path|x-[\w-]+|on behalf of|administrator|helo|abs(?:ender)?|expéditeur|remitente|差出人)\s*[:=]?\s*[<"'(]*$/i;
const RECIPIENT_BEFORE =
  /(?:\bto|\bfor|recipients?|rcpt|address(?:es)?|user(?:id)?|mailbox|account|empf[aä]nger|adress[ae]|an|destinat\w{2,8}|a|à|para|do|odbiorc\w{1,4}|naar|til|получател\w{1,4}|адрес\w{0,4}|宛先|宛|收件人|地址)\s*[:：=]?\s*[<"'(«[]*$/i;
const OWN_PROGRAM = /^(?:mailer-daemon|postmaster|mail-daemon|mdaemon|no-?reply|noreply|abuse|hostmaster|helpdesk|support|mailerdaemon)$/;

function headOf(line: string, index: number): Head | null {
  const summary = SUMMARY.exec(line);
  const marker = (summary ?? LIST_MARKER.exec(line))?.[0].length ?? 0;
  const text = line.slice(marker);
  const found = findAddresses(text, 2)[0];
  if (found === undefined) return null;
  if (found.start <= 1 && /^["'<[(]?$/.test(text.slice(0, found.start))) {
    const rest = text
      .slice(found.end)
      .replace(/^["'\])]/, '')
      .replace(/^\s*[<(](?:mailto:)?[^\s<>()]{1,200}@[^\s<>()]{1,200}[>)]/, '');
    if (!AFTER_HEAD.test(rest)) return null;
    const alone = /^\s*(?:[:;,.]|<br ?\/?>)?\s*$/.test(rest) || /^\s*(?::|\.{2,}|\s-\s|\(|\[|on\s)/.test(rest) || text.startsWith('<');
    return {
      line: index,
      address: found.address,
      rest: rest.replace(/^\s*(?:[:;,]|\.{2,}|<br ?\/?>)\s*/, ''),
      rank: summary !== null ? 2.8 : alone ? 3 : 2,
    };
  }
  return null;
}

const ADDRESS_LIST = /^[\s>*+-]{0,12}(?:[<"']?[^\s<>,;"']{1,200}@[^\s<>,;"']{1,200}[>"']?\s{0,4}(?:[,;]\s{0,4}|$)){2,20}$/;

/** The heads of a line that is nothing but addresses, each a recipient; else the one head it has. */
function listedHeads(head: Head, line: string): Head[] {
  if (!ADDRESS_LIST.test(line.trimEnd())) return [head];
  return findAddresses(line, 20).map(({ address }) => ({ ...head, address, rest: '' }));
}

/** PMDF names the place inside the system first, then the address that was written to. */
const ORIGINAL_ADDRESS = /^\s*Original (?:address|recipient):\s{0,20}<?([^\s<>]{1,200}@[^\s<>]{1,200})>?\s*$/i;

const SECTION = /^\s*(?:-{3,}|={4,}|\*{4,})\s*[^\s-].{0,120}?\s*(?:-{2,}|={3,}|\*{3,})?\s*$/;

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

function collectHeads(lines: readonly string[]): Head[] {
  const heads: Head[] = [];
  // Indent of a head whose words began on its own line: deeper lines behind it only go on with them, whatever they begin with.
  let flowing = -1;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    if (line.trim() === '' || indentOf(line) <= flowing) flowing = -1;
    if (!line.includes('@') || flowing !== -1) continue;
    const last = heads.at(-1);
    const aimedAt = last?.line === i - 1 ? ORIGINAL_ADDRESS.exec(line)?.[1] : undefined;
    if (last !== undefined && aimedAt !== undefined) {
      heads[heads.length - 1] = { ...last, address: aimedAt };
      continue;
    }
    const head = headOf(line, i);
    if (head !== null) {
      const listed = listedHeads(head, line);
      heads.push(...listed);
      if (listed.length === 1 && /\w/.test(head.rest)) flowing = indentOf(line);
      continue;
    }
    for (const found of findAddresses(line, 6)) {
      const before = line.slice(Math.max(0, found.start - 80), found.start);
      const context = before.trim() === '' ? (lines[i - 1] ?? '').slice(-80) : before;
      if (NOT_A_RECIPIENT.test(context) || /https?:\/\/\S*$/i.test(before)) continue;
      const after = line.slice(found.end).trim();
      const colon = COLON_BEFORE.test(before) && after.length < 3;
      const rank = RECIPIENT_BEFORE.test(context) ? 2 : colon ? 2 : 0;
      heads.push({ line: i, address: found.address, rest: after, rank: rank === 2 && colon ? 2.5 : rank });
    }
  }
  const people = heads.filter(({ address, rank }) => rank >= 3 || !isProgram(address));
  return people.length > 0 ? people : heads;
}

function isProgram(address: string): boolean {
  return OWN_PROGRAM.test(localPart(address));
}

/** Text that belongs to the head at `index`: to the next head, section or end. */
function chunkOf(lines: readonly string[], heads: readonly Head[], index: number, end: number): string {
  const head = heads[index];
  if (head === undefined) return '';
  const stop = heads[index + 1]?.line ?? end;
  const out = [head.rest];
  for (let i = head.line + 1; i < stop; i++) {
    const line = lines[i] ?? '';
    if (SECTION.test(line) && !/server message|smtp command|reason|error detail/i.test(line)) break;
    out.push(line.trim());
  }
  return out.join('\n').trim().slice(0, MAX_CHUNK);
}

const EXPANDED_FROM =
  /\((?:expanded from|(?:ultimately )?generated from|originally addressed to|alias of)(:?)\s{0,40}<?([^\s<>()]{1,200}@[^\s<>()]{1,200})>?\)/i;

/** Recipients with the highest rank found; the same address named twice is one recipient. */
function groupHeads(lines: readonly string[], heads: readonly Head[], end: number, clear: boolean): TextRecipient[] {
  const byAddress = new Map<string, { address: string; other: string | null; text: string }>();
  for (let i = 0; i < heads.length; i++) {
    const head = heads[i];
    if (head === undefined) continue;
    const text = chunkOf(lines, heads, i, end);
    const expansion = EXPANDED_FROM.exec(text);
    const from = expansion?.[2] ?? null;
    // Sendmail ("expanded from: x") shows the alias's target, which nobody wrote to; Postfix ("expanded from <x>") the recipient.
    const swap = from !== null && expansion?.[1] === ':';
    const address = swap ? from : head.address;
    const key = address.toLowerCase();
    const known = byAddress.get(key);
    if (known !== undefined) known.text = `${known.text}\n${text}`.trim();
    else
      byAddress.set(key, {
        address,
        other: swap ? head.address : from,
        text: text
          .replace(EXPANDED_FROM, '')
          .replace(/^\s*[:,]\s*/, '')
          .trim(),
      });
  }
  const groups = [...byAddress.values()].slice(0, MAX_RECIPIENTS);
  // "a, b and c: mailbox full": a list of addresses shares the text behind it.
  for (let i = groups.length - 2; i >= 0; i--) {
    const group = groups[i];
    if (group !== undefined && group.text === '') group.text = groups[i + 1]?.text ?? '';
  }
  return groups.map(({ address, other, text }) => ({ address, otherAddress: other, text, clear }));
}

/**
 * The recipients a notice names, each with what is said about it.
 *
 * @param notice the report's text without the returned message
 * @param avoid addresses in lower case that are no recipients unless nothing else is found: the report's own sender and addressee
 * @param known recipients in lower case that the report names apart from its text: where the text names them, nobody else is one
 */
export function readBounceText(notice: string, avoid: ReadonlySet<string>, known: ReadonlySet<string> = new Set()): TextRecipient[] {
  const lines = notice.split('\n', MAX_LINES).map((line) => (line.length > MAX_LINE ? line.slice(0, MAX_LINE) : line));
  const found = collectHeads(lines);
  const sure = found.filter(({ address }) => known.has(address.toLowerCase()));
  const all = sure.length > 0 ? sure : found;
  const foreign = all.filter(({ address }) => !avoid.has(address.toLowerCase()));
  const candidates = foreign.some(({ rank }) => rank >= 2)
    ? foreign
    : all.some(({ rank }) => rank >= 3)
      ? all
      : foreign.length > 0
        ? foreign
        : all;
  const best = Math.max(0, ...candidates.map(({ rank }) => rank));
  const chosen = candidates.filter(({ rank }) => rank === best);
  return groupHeads(lines, best === 0 ? chosen.slice(0, 1) : chosen, lines.length, best >= 2.5);
}

/** One exchange of a sendmail transcript: the command sent and the joined reply. */
export interface TranscriptReply {
  readonly command: string;
  readonly address: string | null;
  readonly text: string;
  /** True for `<<<` lines, which the remote server said; false for the sending server's own summary. */
  readonly remote: boolean;
}

/** The replies in `----- Transcript of session follows -----`. */
export function readTranscript(notice: string): TranscriptReply[] {
  const at = notice.search(/transcript of session follows|while talking to/i);
  if (at === -1) return [];
  const replies: { command: string; address: string | null; text: string; remote: boolean }[] = [];
  let command = '';
  let open = false;
  for (const line of notice.slice(at).split('\n', 400)) {
    const sent = /^\s*>>> ?(.{1,400})/.exec(line)?.[1];
    if (sent !== undefined) {
      command = sent.trim();
      open = false;
      continue;
    }
    const remote = /^\s*<<< ?(.{1,2000})/.exec(line)?.[1];
    const own = remote === undefined ? /^([45]\d\d[ -].{1,2000})/.exec(line)?.[1] : undefined;
    const text = remote ?? own;
    if (text === undefined) {
      const last = replies.at(-1);
      if (last !== undefined && !last.remote && /^\s+\S/.test(line) && last.text.length < 2000) last.text += ` ${line.trim()}`;
      continue;
    }
    const last = replies.at(-1);
    if (open && last !== undefined && last.remote === (remote !== undefined) && last.text.length < 4000) last.text += ` ${text.trim()}`;
    else
      replies.push({
        command,
        address: firstAddress(/^rcpt/i.test(command) ? command : text),
        text: text.trim(),
        remote: remote !== undefined,
      });
    open = /^\d{3}-/.test(text);
  }
  return replies;
}
