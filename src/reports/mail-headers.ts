/** Reads the header section of a message or part, however badly it is written. */

import { decodeHeaderText } from './mail-decoding.ts';

/** Limits that keep a hostile header section cheap. */
const MAX_LINES = 3000;
const MAX_VALUE = 20_000;

/** Header fields by lower-case name, each with its values in order of appearance, unfolded but not decoded. */
export type MailHeaders = ReadonlyMap<string, readonly string[]>;

/** The first value of a field as it stands in the message, or an empty string. */
export function rawHeader(headers: MailHeaders, name: string): string {
  return headers.get(name)?.[0] ?? '';
}

/** The first value of a field as text, encoded words decoded, or an empty string. */
export function headerText(headers: MailHeaders, name: string): string {
  const value = rawHeader(headers, name);
  return value === '' ? '' : decodeHeaderText(value).trim();
}

/** A header section and where the body behind it begins. */
export interface HeaderSection {
  readonly headers: MailHeaders;
  readonly bodyStart: number;
}

/** The name of the field a line begins, or null: a name has no spaces inside and at most 76 characters. */
function fieldNameEnd(text: string, start: number, end: number): number {
  let i = start;
  const limit = Math.min(end, start + 77);
  for (; i < limit; i++) {
    const c = text.charCodeAt(i);
    if (c === 58) break;
    if (c <= 32 || c >= 127) break;
  }
  if (i === start) return -1;
  let colon = i;
  while (colon < end && (text.charCodeAt(colon) === 32 || text.charCodeAt(colon) === 9) && colon - i < 8) colon++;
  return text.charCodeAt(colon) === 58 ? i : -1;
}

function skipLeadingNoise(text: string, start: number, limit: number): number {
  let at = start;
  for (;;) {
    let end = text.indexOf('\n', at);
    if (end === -1 || end > limit) end = limit;
    if (at >= limit) return start;
    const line = text.slice(at, Math.min(end, at + 400));
    const blank = line.trim() === '' && end - at < 400;
    if (!blank && !line.startsWith('From ') && !line.startsWith('>From ')) return at;
    at = end + 1;
  }
}

/**
 * Reads header fields from `start` (text with LF line ends). Leading blank lines and an mbox `From ` line are skipped; a line that is
 * neither a field nor a continuation is taken as a continuation whose indent was lost. Without any field the body begins at `start`.
 */
export function readHeaders(text: string, start: number, end: number, skipNoise = false): HeaderSection {
  const fields = new Map<string, string[]>();
  let at = skipNoise ? skipLeadingNoise(text, start, end) : start;
  let values: string[] | null = null;
  for (let count = 0; at < end && count < MAX_LINES; count++) {
    let lineEnd = text.indexOf('\n', at);
    if (lineEnd === -1 || lineEnd > end) lineEnd = end;
    if (lineEnd === at) return { headers: fields, bodyStart: lineEnd + 1 };
    const first = text.charCodeAt(at);
    const nameEnd = first === 32 || first === 9 ? -1 : fieldNameEnd(text, at, lineEnd);
    if (nameEnd > 0) {
      const name = text.slice(at, nameEnd).toLowerCase();
      const colon = text.indexOf(':', nameEnd);
      const value = text.slice(colon + 1, Math.min(lineEnd, colon + 1 + MAX_VALUE)).trim();
      const existing = fields.get(name);
      if (existing === undefined) {
        values = [value];
        fields.set(name, values);
      } else {
        values = existing;
        values.push(value);
      }
    } else {
      const line = text.slice(at, Math.min(lineEnd, at + MAX_VALUE)).trim();
      if (line === '' && lineEnd - at < MAX_VALUE) return { headers: fields, bodyStart: lineEnd + 1 };
      if (values === null) return { headers: fields, bodyStart: start };
      const last = values.length - 1;
      const value = values[last] ?? '';
      if (value.length < MAX_VALUE) values[last] = `${value} ${line}`;
    }
    at = lineEnd + 1;
  }
  return { headers: fields, bodyStart: Math.min(at, end) };
}

/** A structured field value such as Content-Type: the lower-case value and its parameters by lower-case name. */
export interface StructuredValue {
  readonly value: string;
  readonly params: ReadonlyMap<string, string>;
}

/** Splits `multipart/report; boundary="x"` into value and parameters; RFC 2231 pieces are joined. */
export function parseStructured(raw: string): StructuredValue {
  const semicolon = raw.indexOf(';');
  const value = (semicolon === -1 ? raw : raw.slice(0, semicolon)).trim().toLowerCase();
  const params = new Map<string, string>();
  if (semicolon !== -1) {
    const rest = raw.slice(semicolon, semicolon + 4000);
    for (const m of rest.matchAll(/;\s*([\w-]{1,60})(?:\*\d{0,3}\*?)?\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;\s]+))/g)) {
      const name = (m[1] ?? '').toLowerCase();
      const part = m[2] === undefined ? (m[3] ?? '') : m[2].replace(/\\(.)/g, '$1');
      params.set(name, (params.get(name) ?? '') + part);
    }
  }
  return { value, params };
}
