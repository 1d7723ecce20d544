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

/** How the paragraphs begin with which servers greet, explain themselves and say goodbye in every report. */
const COURTESY =
  /^(?:hi[.!]|hello\b|dear \S|this (?:message|mail|e-?mail|report) (?:was|is) (?:created|generated|an? auto\w*)|this is (?:the|an?) (?:mail|postfix|automatic|delivery|[\w-]{1,30} program|qmail)|this is an automatically|\S{1,40} auto-generated|a message (?:that you sent|sent by)|i'm (?:sorry|afraid)|we're sorry|for (?:further|more) (?:assistance|information|help)|if you (?:do so|require|feel|have|need)|please (?:reply|contact|check|note|do not|include|forward)|the (?:mail system|[\w -]{1,30} program)$|no action is required|you do not need|\W*(?:this is a warning|warning message|you do not need)|message will be retried|delivery to the following recipients? (?:has|have|failed|was)|delevery to the following|the following address(?:es)?(?:\(es\))? failed|additional information|diagnostic information for|it'?s attached below|be delivered to one or more|recipients\. this is a permanent|\*{3,})/;

/** The paragraphs that are not mere courtesy; the whole notice where nothing else is left. */
export function withoutCourtesy(notice: string): string {
  const left = notice.split(/\n[ \t]*\n/, 200).filter((paragraph) => {
    const plain = plainText(paragraph.slice(0, 200)).trim();
    return plain !== '' && !COURTESY.test(plain);
  });
  const text = left.join('\n\n');
  return /\p{L}{3}/u.test(text) && /\s\p{L}{2}/u.test(text) ? text : notice;
}

/** True for text that begins like a courtesy paragraph or says nothing but where to ask. */
export function isCourtesy(text: string): boolean {
  return COURTESY.test(plainText(text.slice(0, 200)).trim());
}
