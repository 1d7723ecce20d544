/** Opens what the readers of reports look at: the text of the report, apart from the message it returns. */

import type { EventOrigin } from '../domain/vocabulary.ts';
import { findAddresses } from './found-address.ts';
import { htmlToText } from './html-text.ts';
import { headerText, type MailHeaders, readHeaders } from './mail-headers.ts';
import { type MailPart, type OpenedMail, partText } from './mail-parts.ts';
import { cutOriginal, withoutFooter } from './notice-text.ts';
import { describeOriginal, type OriginalMessage, originalFromText } from './original-message.ts';

/** What the readers of a message share: the opened message and the texts they all look at. */
export interface Material {
  readonly mail: OpenedMail;
  readonly subject: string;
  /** The human-readable text of the report, without the message it returns. */
  readonly notice: string;
  /** What stands behind the marker line of a text report. */
  readonly returnedText: string;
  readonly to: readonly string[];
  readonly from: string | null;
  readonly origin: EventOrigin;
}

const MAX_NOTICE = 65_536;

const HEADER_TYPES: ReadonlySet<string> = new Set([
  'text/rfc822-headers',
  'message/rfc822-headers',
  'message/global-headers',
  'text/rfc822-header',
  'text/rfc822',
]);

function textOfPart(part: MailPart): string {
  const text = partText(part);
  return part.type === 'text/html' || /^\s*<(?:!doctype|html|head|body)/i.test(text) ? htmlToText(text) : text;
}

/** The texts of the report itself, in order; HTML only where no plain text says anything. */
function humanText(parts: readonly MailPart[], level: number): string {
  let plain = '';
  let html: MailPart | null = null;
  for (const part of parts) {
    if (part.embedded !== level || HEADER_TYPES.has(part.type) || plain.length > MAX_NOTICE) continue;
    if (part.type === 'text/html') html ??= part;
    else if (
      (part.type.startsWith('text') || part.type === 'report/report' || part.type === 'message/notification') &&
      !(part.attachment && plain !== '')
    ) {
      plain += `${textOfPart(part)}\n`;
    }
  }
  if (plain.trim().length < 3 && html !== null) return textOfPart(html).slice(0, MAX_NOTICE);
  return plain.slice(0, MAX_NOTICE);
}

function addressesOf(mail: OpenedMail): string[] {
  const out = new Set<string>();
  for (const name of ['to', 'delivered-to', 'x-original-to', 'envelope-to', 'x-envelope-to']) {
    for (const value of (mail.headers.get(name) ?? []).slice(0, 5)) for (const { address } of findAddresses(value, 20)) out.add(address);
  }
  return [...out];
}

/** Takes from an opened message what its readers need. */
export function prepareMaterial(mail: OpenedMail, origin: EventOrigin): Material {
  const text = humanText(mail.parts, 0);
  const { notice, original } = cutOriginal(text);
  return {
    mail,
    subject: headerText(mail.headers, 'subject'),
    notice: withoutFooter(notice),
    returnedText: original,
    to: addressesOf(mail),
    from: findAddresses(headerText(mail.headers, 'from'), 1)[0]?.address ?? null,
    origin,
  };
}

/** The returned message: an embedded message, a header part, or what stands behind the marker line. */
export function findOriginal(material: Material, above: number): OriginalMessage | null {
  const embedded = material.mail.parts.find((part) => part.embedded === above + 1);
  if (embedded !== undefined) return describeOriginal(embedded.messageHeaders);
  const headerPart = material.mail.parts.find((part) => HEADER_TYPES.has(part.type));
  if (headerPart !== undefined) {
    const text = partText(headerPart);
    const original = describeOriginal(readHeaders(text, 0, text.length, true).headers);
    if (original !== null) return original;
  }
  if (material.returnedText !== '') return originalFromText(material.returnedText);
  return null;
}

/** The header of the returned message in a part of its own. */
export function headersOfHeaderPart(mail: OpenedMail): MailHeaders | null {
  const part = mail.parts.find(({ type }) => HEADER_TYPES.has(type));
  if (part === undefined) return null;
  const text = partText(part);
  return readHeaders(text, 0, text.length, true).headers;
}

/** Lines a forwarding person puts in front of the report lead nowhere; the report's own text is one level further in. */
export function noticeAt(material: Material, level: number): string {
  return level === 0 ? material.notice : withoutFooter(cutOriginal(humanText(material.mail.parts, level)).notice);
}

/** The message inside another one as material of its own; null where there is none. */
export function innerMaterial(material: Material): Material | null {
  const { mail } = material;
  const inner = mail.parts.find((part) => part.embedded === 1);
  if (inner === undefined) return null;
  const parts = mail.parts.filter(({ embedded }) => embedded >= 1).map((part) => ({ ...part, embedded: part.embedded - 1 }));
  const { notice, original } = cutOriginal(humanText(parts, 0));
  const innerMail: OpenedMail = { ...mail, headers: inner.messageHeaders, parts };
  return { ...material, mail: innerMail, subject: headerText(inner.messageHeaders, 'subject'), notice, returnedText: original };
}
