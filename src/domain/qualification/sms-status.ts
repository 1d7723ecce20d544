/** What a status report says of one SMS. */
export interface SmsReceipt {
  /** The provider's id of the message, as it was written; null where the report has none. */
  readonly messageId: string | null;
  /** `DELIVRD`, `UNDELIV`, ... in capitals; null where nothing can be read. */
  readonly stat: string | null;
  /** The provider's error number, which no standard defines; may be hexadecimal or a word. */
  readonly err: string | null;
}

/** What becomes of the message: received, failed, or nothing yet (SMS-2). */
export type SmsOutcome = 'RECEIVED' | 'FAILED' | 'INTERMEDIATE';

const TEXT_FIELD = /(?:^|[\s;,])te?xt\s*[:=]/i;
const STAT_FIELD = /(?:^|[\s;,])stat(?:us)?\s*[:=]\s*"?([A-Za-z_]+)/i;
const ERR_FIELD = /(?:^|[\s;,])err(?:or)?\s*[:=]\s*"?([0-9A-Za-z]+)/i;
const ID_FIELD = /(?:^|[\s;,])(?:message_)?id\s*[:=]\s*"?([^\s;,"]+)/i;
const FAILED_STATE = /^(?:UNDELIV|EXPIRED|DELETED|FAILED|REJECT|DND)/;

function field(text: string, pattern: RegExp): string | null {
  return pattern.exec(text)?.[1] ?? null;
}

/**
 * Reads a status report whatever the order of its fields.
 *
 * The message itself stands behind `text:` and may say anything, `stat:DELIVRD` included: it is never read. Where a
 * provider writes fields behind it, they are read only if the part before has no state.
 */
export function readSmsReceipt(report: string): SmsReceipt {
  const message = TEXT_FIELD.exec(report);
  const head = message === null ? report : report.slice(0, message.index);
  return {
    messageId: field(head, ID_FIELD),
    stat: field(head, STAT_FIELD)?.toUpperCase() ?? null,
    err: field(head, ERR_FIELD),
  };
}

/**
 * What a state means for the message (SMS-2): everything that begins with `DELIV` was received on the handset; states of
 * failure are qualified; anything else (`ENROUTE`, `ACCEPTD`, unknown) says nothing yet and is ignored.
 */
export function smsOutcome(stat: string | null): SmsOutcome {
  if (stat === null) return 'INTERMEDIATE';
  const state = stat.toUpperCase();
  if (state.startsWith('DELIV')) return 'RECEIVED';
  return FAILED_STATE.test(state) ? 'FAILED' : 'INTERMEDIATE';
}

/**
 * The text under which a status report is qualified (SMS-1): `SR <provider> <stat> <err>|<report>`. The head tells SMS codes
 * from e-mail codes and one provider's numbers from another's; the normaliser replaces the rest by `#MESSAGE#`.
 *
 * @param provider name of the provider's implementation; white space becomes `_`
 */
export function smsReportText(provider: string, receipt: SmsReceipt, report: string): string {
  const name = provider.trim().replace(/\s+/g, '_') || 'Generic';
  return `SR ${name} ${receipt.stat ?? 'UNKNOWN'} ${receipt.err ?? '000'}|${report}`;
}
