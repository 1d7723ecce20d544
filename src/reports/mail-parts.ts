/**
 * A light MIME walker: finds the parts a report is made of without building a whole message.
 *
 * A report needs few parts, and it arrives truncated, with wrong boundaries or none at all; every shape yields some list of parts, and
 * hostile nesting is cut off by depth, by number and by the bytes that are looked at.
 */

import { decodeCharset, decodeTransfer, withoutUtf16 } from './mail-decoding.ts';
import { type MailHeaders, parseStructured, rawHeader, readHeaders } from './mail-headers.ts';

/** What of a message is looked at: reports stand in front of the message they return. */
const MAX_BYTES = 1_048_576;
const MAX_PARTS = 300;
const MAX_DEPTH = 12;
const MAX_TEXT = 131_072;

/** One leaf of the MIME tree, its body still encoded. */
export interface MailPart {
  readonly headers: MailHeaders;
  /** Lower-case media type; `text/plain` where none is said. */
  readonly type: string;
  readonly charset: string | null;
  /** Number of `message/rfc822` wrappers around the part: 0 for the report itself, 1 for what it returns or forwards. */
  readonly embedded: number;
  /** True for an attachment that has a file name or says so. */
  readonly attachment: boolean;
  /** The undecoded body as a binary string with LF line ends. */
  readonly body: string;
  /** Headers of the innermost enclosing message. */
  readonly messageHeaders: MailHeaders;
}

/** A message, opened. */
export interface OpenedMail {
  readonly headers: MailHeaders;
  /** Content-Type of the whole message, lower-case. */
  readonly type: string;
  readonly reportType: string;
  readonly parts: readonly MailPart[];
  /** The whole message (at most the first MiB) as a binary string with LF line ends, and where its body begins. */
  readonly raw: string;
  readonly bodyStart: number;
}

/** The decoded text of a part, at most 128 Ki characters. */
export function partText(part: MailPart): string {
  const encoding = rawHeader(part.headers, 'content-transfer-encoding');
  const decoded = decodeTransfer(part.body.slice(0, MAX_TEXT), encoding);
  return decodeCharset(decoded, part.charset).slice(0, MAX_TEXT);
}

/** Positions of the parts between the delimiter lines of one boundary. */
function splitByBoundary(text: string, start: number, end: number, boundary: string): [number, number][] {
  const delimiter = `--${boundary}`;
  const sections: [number, number][] = [];
  let open = -1;
  let at = text.indexOf(delimiter, start);
  while (at !== -1 && at < end && sections.length < MAX_PARTS) {
    const next = at + delimiter.length;
    const atLineStart = at === start || text.charCodeAt(at - 1) === 10;
    const after = text.charCodeAt(next);
    const ended = next >= end || after === 10 || after === 32 || after === 9 || text.startsWith('--', next);
    if (atLineStart && ended) {
      if (open !== -1) sections.push([open, Math.max(open, at - 1)]);
      if (text.startsWith('--', next)) {
        open = -1;
        break;
      }
      const lineEnd = text.indexOf('\n', next);
      open = lineEnd === -1 || lineEnd > end ? end : lineEnd + 1;
    }
    at = text.indexOf(delimiter, next);
  }
  if (open !== -1 && open < end) sections.push([open, end]);
  return sections;
}

/** A boundary guessed from the body, for messages that say none or a wrong one: a `--line` followed by a Content-Type field. */
function guessBoundary(text: string, start: number, end: number, within: number): string | null {
  const window = text.slice(start, Math.min(end, start + within));
  const found =
    /(?:^|\n)--([^\s-][^\n]{3,98}|-[^\n]{6,98})\n(?:[\w-]{1,60}:[^\n]{0,200}\n(?:[ \t][^\n]{0,200}\n){0,3}){0,3}content-type:/i.exec(
      window,
    );
  return found?.[1]?.trimEnd() ?? null;
}

class Walker {
  readonly parts: MailPart[] = [];
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  entity(start: number, end: number, depth: number, embedded: number, message: MailHeaders | null): void {
    if (this.parts.length >= MAX_PARTS) return;
    const { headers, bodyStart } = readHeaders(this.#text, start, end, message === null);
    this.body(headers, bodyStart, end, depth, embedded, message ?? headers);
  }

  body(headers: MailHeaders, start: number, end: number, depth: number, embedded: number, message: MailHeaders): void {
    const content = parseStructured(rawHeader(headers, 'content-type'));
    const type = content.value === '' ? 'text/plain' : content.value;
    if (depth < MAX_DEPTH) {
      if (type.startsWith('multipart/') && this.#multipart(content.params.get('boundary') ?? '', start, end, depth, embedded, message))
        return;
      if (content.value === '' && this.#multipart(undefined, start, end, depth, embedded, message)) return;
      if (type === 'message/rfc822' || type === 'message/global') {
        this.#message(headers, start, end, depth, embedded);
        return;
      }
    }
    const disposition = parseStructured(rawHeader(headers, 'content-disposition'));
    this.parts.push({
      headers,
      type,
      charset: content.params.get('charset') ?? null,
      embedded,
      attachment: disposition.value === 'attachment' || disposition.params.has('filename'),
      body: this.#text.slice(start, end),
      messageHeaders: message,
    });
  }

  #multipart(declared: string | undefined, start: number, end: number, depth: number, embedded: number, message: MailHeaders): boolean {
    let sections = declared === undefined || declared === '' ? [] : splitByBoundary(this.#text, start, end, declared);
    if (sections.length === 0) {
      // Without any Content-Type only a body that begins with parts is one: further down they belong to a returned message.
      const guessed = guessBoundary(this.#text, start, end, declared === undefined ? 700 : 16_384);
      if (guessed !== null) sections = splitByBoundary(this.#text, start, end, guessed);
    }
    for (const [from, to] of sections) this.entity(from, to, depth + 1, embedded, message);
    return sections.length > 0;
  }

  #message(headers: MailHeaders, start: number, end: number, depth: number, embedded: number): void {
    const encoding = rawHeader(headers, 'content-transfer-encoding').trim().toLowerCase();
    if (encoding.startsWith('base64') || encoding.startsWith('quoted')) {
      const decoded = decodeTransfer(this.#text.slice(start, Math.min(end, start + MAX_TEXT)), encoding);
      const inner = new Walker(decoded);
      inner.entity(0, decoded.length, depth + 1, embedded + 1, null);
      this.parts.push(...inner.parts);
      return;
    }
    this.entity(start, end, depth + 1, embedded + 1, null);
  }
}

/** Opens a raw message. Never throws; what is not MIME is one text part. */
export function openMail(raw: Uint8Array): OpenedMail {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.byteLength, MAX_BYTES));
  const binary = withoutUtf16(bytes).toString('latin1');
  const text = binary.includes('\r') ? binary.replace(/\r\n?/g, '\n') : binary;
  const { headers, bodyStart } = readHeaders(text, 0, text.length, true);
  const content = parseStructured(rawHeader(headers, 'content-type'));
  const walker = new Walker(text);
  walker.body(headers, bodyStart, text.length, 0, 0, headers);
  return {
    headers,
    type: content.value,
    reportType: (content.params.get('report-type') ?? '').toLowerCase(),
    parts: walker.parts,
    raw: text,
    bodyStart,
  };
}
