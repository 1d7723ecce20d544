/** Takes from a report's text what does not speak of the failure: the returned message behind it and the footers of scanners. */

import { isOriginalMarker, plainText } from './report-phrases.ts';

const MAX_LINES = 1500;

/** A report's text, cut before the message it returns. */
export interface CutText {
  readonly notice: string;
  readonly original: string;
}

const HEADER_LINE = /^(?:received|return-path|dkim-signature|message-id|x-[\w-]{2,40}|mime-version|delivered-to|arc-seal):/i;
const SHORT_HEADER = /^(?:from|to|subject|date|message-id|received|return-path|content-type|mime-version|reply-to|x-[\w-]{2,40}):\s?\S/i;
const MARKER_FRAME = /^[\s>*#=-]*(?:-{2,}|={2,}|\*{3,}|#{3,}|~{3,}|_{3,})|[-=*:]{2,}\s*$|:\s*$|\bfollows?\.?\s*$/;

function isMarkerLine(line: string): boolean {
  if (line.length > 160 || !MARKER_FRAME.test(line)) return false;
  const plain = plainText(line);
  if (!isOriginalMarker(plain)) return false;
  // "Your message could not be delivered. The original message was received at ..." opens sendmail's report, it does not end it.
  return !/was received at|original message (?:was|is:|has)|identifier|subject|message id|did not reach|could not|not be delivered|attached below|transcript/.test(
    plain,
  );
}

/** True where the lines from `index` on are the header of a returned message: a trace or signature field, or three fields in a row. */
function beginsHeader(lines: readonly string[], index: number): boolean {
  const line = lines[index] ?? '';
  if (!HEADER_LINE.test(line)) return false;
  if (/^(?:received|return-path|dkim-signature|delivered-to|arc-seal):/i.test(line)) return true;
  let fields = 0;
  for (const next of lines.slice(index, index + 6)) if (SHORT_HEADER.test(next)) fields++;
  return fields >= 3;
}

/** Splits a report's text from the message (or its header) that stands behind it. */
export function cutOriginal(text: string): CutText {
  const lines = text.split('\n', MAX_LINES + 1);
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    if ((i > 0 && isMarkerLine(line)) || beginsHeader(lines, i)) {
      const head = lines.slice(0, i).join('\n');
      if (head.trim() === '') continue;
      return { notice: head, original: text.slice(head.length).replace(/^\n+/, '') };
    }
  }
  return { notice: text, original: '' };
}

const RULE_LINE = /^\s*[_=*~-]{8,}/;
const FOOTER =
  /\bscanned\b|\banti-?virus|\bvirus(?:es)?\b|\bnod32\b|\bavg\b|messagelabs|mailscanner|\bconfidential|\bdisclaimer|intended recipient|\bprivileged\b|analizado|überprüft|virenfrei|virus ?frei|vérifié|controllat/i;
const FOOTER_LENGTH = 1500;

/** Cuts the footer that a scanner or a company puts below every message: a ruled-off end that says nothing about delivery. */
export function withoutFooter(notice: string): string {
  const tail = notice.slice(-FOOTER_LENGTH);
  const offset = notice.length - tail.length;
  let at = 0;
  for (const line of tail.split('\n')) {
    const rest = tail.slice(at);
    if (
      at > 0 &&
      RULE_LINE.test(line) &&
      FOOTER.test(rest) &&
      !/\b[45]\d\d[ -]|[45]\.\d\.\d|deliver|recipient:|@/i.test(rest.replace(/intended recipient/gi, ''))
    ) {
      const head = notice.slice(0, offset + at);
      return head.trim() === '' ? notice : head;
    }
    at += line.length + 1;
  }
  return notice;
}
