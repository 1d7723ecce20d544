/** What a report tells about the message of ours that it speaks of. */

import { findAddresses } from './found-address.ts';
import { headerText, type MailHeaders, rawHeader, readHeaders } from './mail-headers.ts';
import { TOKEN_HEADER } from './own-token.ts';

/** The returned message, as far as the report shows it. */
export interface OriginalMessage {
  /** Without angle brackets; null where the report leaves it out. */
  readonly messageId: string | null;
  readonly from: string | null;
  readonly to: readonly string[];
  readonly subject: string | null;
  /** Value of our own token header; unverified, see own-token. */
  readonly token: string | null;
}

/** `<id@host>` without its brackets, or null. */
export function bareMessageId(value: string): string | null {
  const inside = /<([^<>\s]{1,500})>/.exec(value)?.[1] ?? value.trim();
  return inside === '' || /\s/.test(inside) || inside.length > 500 ? null : inside;
}

function addressesOf(headers: MailHeaders, name: string): string[] {
  const values = headers.get(name) ?? [];
  return values.slice(0, 5).flatMap((value) => findAddresses(value, 50).map(({ address }) => address));
}

const FOR_ADDRESS = /\bfor\s+<([^<>\s]{1,200}@[^<>\s]{1,200})>/;

/** Addresses that the trace of a message says it was for. */
function tracedRecipients(headers: MailHeaders): string[] {
  const found: string[] = [];
  for (const line of (headers.get('received') ?? []).slice(0, 20)) {
    const address = FOR_ADDRESS.exec(line)?.[1];
    if (address !== undefined) found.push(address);
  }
  return found;
}

/** Reads the header of the returned message; null where it holds nothing to know it by. */
export function describeOriginal(headers: MailHeaders): OriginalMessage | null {
  const to = [
    ...addressesOf(headers, 'to'),
    ...addressesOf(headers, 'x-original-to'),
    ...tracedRecipients(headers),
    ...addressesOf(headers, 'cc'),
  ];
  const original: OriginalMessage = {
    messageId: bareMessageId(rawHeader(headers, 'message-id')),
    from: addressesOf(headers, 'from')[0] ?? null,
    to: [...new Set(to)],
    subject: headerText(headers, 'subject') || null,
    token: rawHeader(headers, TOKEN_HEADER.toLowerCase()) || null,
  };
  const empty = original.messageId === null && original.from === null && original.to.length === 0 && original.subject === null;
  return empty && original.token === null ? null : original;
}

/** Finds the header of a returned message in text that stands behind a report's marker line. */
export function originalFromText(text: string): OriginalMessage | null {
  const start = /^(?:[A-Za-z][\w-]{1,40}):\s?\S/m.exec(text.slice(0, 8000));
  if (start === null) return null;
  const window = text.slice(start.index, start.index + 65_536);
  return describeOriginal(readHeaders(window, 0, window.length).headers);
}
