/**
 * Reads the fields of a delivery report (RFC 3464, RFC 6533), from its MIME part or out of raw text.
 *
 * Blank lines are missing, doubled or in the middle of a group often enough that the groups are told apart by their fields.
 */

import { fieldAddress } from './found-address.ts';

/** What a report says about one recipient, as it stands there. */
export interface StatusGroup {
  readonly fields: ReadonlyMap<string, string>;
}

export interface DeliveryStatus {
  readonly message: ReadonlyMap<string, string>;
  readonly recipients: readonly StatusGroup[];
}

const RECIPIENT_FIELDS: ReadonlySet<string> = new Set([
  'final-recipient',
  'original-recipient',
  'action',
  'status',
  'diagnostic-code',
  'remote-mta',
  'last-attempt-date',
  'will-retry-until',
  'final-log-id',
  'x-actual-recipient',
  'x-supplementary-info',
  'x-display-name',
  'x-mailer-daemon-response',
  'localized-reason',
  'x-notes',
  'x-powermta-bouncecategory',
  'x-outbound-mail-relay-queue-id',
]);

/** Repeating one of these means that the next recipient has begun. */
const STARTS_GROUP: ReadonlySet<string> = new Set(['final-recipient', 'original-recipient', 'action']);

const FIELD = /^([A-Za-z][A-Za-z0-9-]{2,50})[ \t]{0,4}:(.*)$/;
const MAX_RECIPIENTS = 1000;

class StatusReader {
  readonly message = new Map<string, string>();
  readonly groups: { fields: Map<string, string> }[] = [];
  #current: Map<string, string> | null = null;
  #last: { map: Map<string, string>; name: string } | null = null;
  #blank = false;

  line(line: string): void {
    const field = FIELD.exec(line);
    if (field !== null) this.#field((field[1] ?? '').toLowerCase(), (field[2] ?? '').trim());
    else if (line.trim() === '') this.#blank = true;
    else if (this.#last !== null && !this.#blank) this.#continue(line.trim());
  }

  #continue(text: string): void {
    if (this.#last === null) return;
    const { map, name } = this.#last;
    const value = map.get(name) ?? '';
    if (value.length < 8000) map.set(name, value === '' ? text : `${value} ${text}`);
  }

  #field(name: string, value: string): void {
    const map = this.#target(name);
    this.#blank = false;
    if (map.has(name)) {
      this.#last = { map: new Map(), name };
      return;
    }
    map.set(name, value);
    this.#last = { map, name };
  }

  #target(name: string): Map<string, string> {
    if (!RECIPIENT_FIELDS.has(name) && (this.#current === null || !name.startsWith('x-'))) return this.message;
    const current = this.#current;
    const starts = STARTS_GROUP.has(name);
    const complete = current?.has('final-recipient') === true || current?.has('original-recipient') === true;
    const next = current === null || (starts && (current.has(name) || (this.#blank && complete && current.has('action'))));
    if (!next || this.groups.length >= MAX_RECIPIENTS) return current ?? this.message;
    const fields = new Map<string, string>();
    this.groups.push({ fields });
    this.#current = fields;
    return fields;
  }
}

/** Reads the text of a delivery-status part, or any text that holds such fields. */
export function readDeliveryStatus(text: string): DeliveryStatus {
  const reader = new StatusReader();
  for (const line of text.split('\n', 20_000)) reader.line(line.length > 4000 ? line.slice(0, 4000) : line);
  const recipients = reader.groups.filter(
    ({ fields }) => fields.has('final-recipient') || fields.has('original-recipient') || fields.has('action') || fields.has('status'),
  );
  return { message: reader.message, recipients };
}

/**
 * Finds delivery-status fields in raw text that no MIME part gave away (missing Content-Type, wrong boundary, pasted or forwarded
 * reports): from the first `Final-Recipient` or `Original-Recipient` at a line start, with the lines around it, to the next MIME delimiter.
 */
export function findDeliveryStatus(raw: string): DeliveryStatus | null {
  const first = /(?:^|\n)[ \t>]{0,8}(?:final|original)-recipient[ \t]{0,4}:/i.exec(raw);
  if (first === null) return null;
  const before = raw.lastIndexOf('\n--', first.index);
  const reporting = raw.toLowerCase().lastIndexOf('\nreporting-mta', first.index);
  let start = Math.max(before, first.index - 4000, 0);
  if (reporting > start) start = reporting;
  else start = startOfParagraph(raw, first.index, start);
  const delimiter = /\n--[^\s-][^\n]{6,}\n|\n-{5,}[^\n]*\n/.exec(raw.slice(first.index, first.index + 200_000));
  const end = delimiter === null ? first.index + 200_000 : first.index + delimiter.index;
  const text = raw
    .slice(start, end)
    .replace(/^[ \t]*>[ \t]?/gm, '')
    .replace(/^[ \t]{1,8}(?=[A-Z][A-Za-z-]{2,40}:)/gm, '');
  const status = readDeliveryStatus(text);
  const useful = status.recipients.some(({ fields }) => fields.has('action') || fields.has('status') || fields.has('diagnostic-code'));
  return useful ? status : null;
}

function startOfParagraph(raw: string, at: number, floor: number): number {
  const blank = raw.lastIndexOf('\n\n', at);
  return Math.max(blank, floor);
}

/** `smtp; 550 5.1.1 ...` without its type, and whether the report writer itself (not a remote server) says it. */
export function diagnosticText(value: string): string {
  return value.replace(/^\s*(?:smtp|x-postfix|x-unix|x-qmail|x-local|dns|lmtp|x-[\w-]{1,40}|x\.\d+|[a-z]{3,8})\s*;\s*/i, '').trim();
}

/** The address a group speaks of: the final recipient, else the original one, else a free name that is no address. */
export function groupAddress(group: StatusGroup): string | null {
  for (const name of ['final-recipient', 'original-recipient', 'x-actual-recipient']) {
    const value = group.fields.get(name);
    const address = value === undefined ? null : fieldAddress(value);
    if (address !== null) return address;
  }
  return null;
}
