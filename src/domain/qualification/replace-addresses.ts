const LOCAL_PUNCTUATION = new Set([...'._%+=~-'].map((character) => character.charCodeAt(0)));
const DOT = 46;
const HYPHEN = 45;
const AT = '@';
const LETTER_BEYOND_ASCII = /[\p{L}\p{N}\p{M}]/u;

function isAlphanumeric(code: number): boolean {
  if (code < 128) return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  return (code >= 0xd800 && code <= 0xdfff) || LETTER_BEYOND_ASCII.test(String.fromCharCode(code));
}

function startOfLocalPart(text: string, at: number, floor: number): number {
  let start = at;
  while (start > floor) {
    const code = text.charCodeAt(start - 1);
    if (!isAlphanumeric(code) && !LOCAL_PUNCTUATION.has(code)) break;
    start -= 1;
  }
  return start;
}

function endOfDomain(text: string, start: number): number {
  let end = start;
  for (let index = start; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isAlphanumeric(code)) end = index + 1;
    // Sendmail glues its words behind dots to the address: `ann@firm.example...User unknown`.
    else if (index === start || (code === DOT && text.charCodeAt(index - 1) === DOT) || (code !== DOT && code !== HYPHEN)) break;
  }
  return end;
}

/**
 * Replaces every e-mail address by `*` (rule 5 of spec 7.3), letters beyond ASCII included (amendment A13).
 *
 * Walks outwards from each `@`, so a hostile line costs linear time, where the pattern of the specification would
 * try every start again.
 */
export function replaceAddresses(text: string): string {
  let at = text.indexOf(AT);
  if (at < 0) return text;
  let out = '';
  let done = 0;
  while (at >= 0) {
    const start = startOfLocalPart(text, at, done);
    const end = endOfDomain(text, at + 1);
    if (start < at && end > at + 1) {
      out += `${text.slice(done, start)}*`;
      done = end;
    }
    at = text.indexOf(AT, Math.max(at + 1, done));
  }
  return out + text.slice(done);
}
