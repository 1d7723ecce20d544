/**
 * The small internet in which the fixture mail servers run: domains, the loopback address of each one's mail host, what that host
 * answers, and what the answer means (the project's decisions, amendment A3). The answers are in our own words.
 *
 * Placeholders in answers: `{rcpt}` the recipient, `{domain}` its domain, `{client}` the address of the sending host.
 */
import type { FailureReason, FailureType, Fault } from '../../src/domain/vocabulary.ts';

export type Meaning = { readonly type: FailureType; readonly reason: FailureReason; readonly fault: Fault };

export type Site = {
  readonly domain: string;
  /** Last number of the mail host's address 127.0.1.n; also listed where nobody listens. */
  readonly host: number;
  readonly dns?: 'nxdomain' | 'servfail' | 'null-mx';
  /** `refused`: nobody listens. `silent`: takes the connection and says nothing. */
  readonly listen?: 'refused' | 'silent';
  readonly banner?: string;
  /** Answer to RCPT TO; without it 250. */
  readonly rcpt?: string;
  /** Answer to the end of DATA; without it 250. */
  readonly data?: string;
  /** Size announced in EHLO; without it 10 MB. */
  readonly size?: number;
  readonly meaning: Meaning;
};

export const MAIL_SERVER = { name: 'mx.example.net', address: '127.0.0.2' } as const;
export const APPLICATION = { name: 'app.example.com', address: '127.0.0.3' } as const;
/** Where the returned mail ends: the domain of the envelope sender. */
export const SENDER = { domain: 'news.example.com', name: 'in.news.example.com', address: '127.0.2.1' } as const;

export const UNKNOWN: Meaning = { type: 'HARD', reason: 'USER_UNKNOWN', fault: 'RECIPIENT' };
export const NO_DOMAIN: Meaning = { type: 'SOFT', reason: 'INVALID_DOMAIN', fault: 'RECIPIENT' };
export const FULL: Meaning = { type: 'SOFT', reason: 'MAILBOX_FULL', fault: 'RECIPIENT' };
export const DISABLED: Meaning = { type: 'SOFT', reason: 'ACCOUNT_DISABLED', fault: 'RECIPIENT' };
export const BLOCKED: Meaning = { type: 'SOFT', reason: 'REFUSED', fault: 'SENDER' };
export const CONTENT: Meaning = { type: 'SOFT', reason: 'REFUSED', fault: 'CONTENT' };
export const FILTERED: Meaning = { type: 'SOFT', reason: 'REFUSED', fault: 'RECIPIENT' };
export const THROTTLED: Meaning = { type: 'SOFT', reason: 'UNREACHABLE', fault: 'SENDER' };
export const DOWN: Meaning = { type: 'SOFT', reason: 'UNREACHABLE', fault: 'INFRASTRUCTURE' };
/** No failure: delivered, or answered by a machine. */
export const FINE: Meaning = { type: 'IGNORED', reason: 'UNDEFINED', fault: 'UNDETERMINED' };
export const UNCLEAR: Meaning = { type: 'UNDEFINED', reason: 'UNDEFINED', fault: 'UNDETERMINED' };

export const SITES: readonly Site[] = [
  { domain: 'harbour.example', host: 1, rcpt: '550 5.1.1 <{rcpt}>: there is no mailbox of that name here', meaning: UNKNOWN },
  {
    domain: 'orchard.example',
    host: 2,
    rcpt: '550-The account {rcpt} does not exist at {domain}.\r\n550 Please check how the address is spelled and try again.',
    meaning: UNKNOWN,
  },
  { domain: 'granit.example', host: 3, rcpt: '550 5.1.1 Der Empfaenger {rcpt} ist hier nicht bekannt', meaning: UNKNOWN },
  { domain: 'mistral.example', host: 4, rcpt: '550 5.1.1 <{rcpt}> : utilisateur inconnu, adresse inexistante', meaning: UNKNOWN },
  { domain: 'archive.example', host: 5, rcpt: '551 5.1.6 {rcpt} has moved away and left no forwarding address', meaning: UNKNOWN },
  { domain: 'attic.example', host: 6, rcpt: '552 5.2.2 <{rcpt}>: the mailbox is over its storage quota', meaning: FULL },
  { domain: 'cellar.example', host: 7, rcpt: '452 4.2.2 The mailbox of {rcpt} is full at the moment, try again later', meaning: FULL },
  { domain: 'zero.example', host: 8, rcpt: '550 5.0.0 delivery failed: mailbox is full', meaning: FULL },
  { domain: 'lighthouse.example', host: 9, rcpt: '550 5.2.1 The account of {rcpt} has been disabled', meaning: DISABLED },
  {
    domain: 'fortress.example',
    host: 10,
    rcpt: '554 5.7.1 Service refused; client host [{client}] is listed at blocklist.example.org',
    meaning: BLOCKED,
  },
  {
    domain: 'crossroads.example',
    host: 11,
    rcpt: '550 5.7.1 <{rcpt}>: relaying denied',
    meaning: { type: 'SOFT', reason: 'UNREACHABLE', fault: 'SENDER' },
  },
  {
    domain: 'embassy.example',
    host: 12,
    data: '550 5.7.26 Unauthenticated mail from news.example.com is not accepted because of the DMARC policy of that domain',
    meaning: BLOCKED,
  },
  {
    domain: 'glasshouse.example',
    host: 13,
    data: '554 5.7.1 Message rejected: its content was classified as spam (score 14.2)',
    meaning: CONTENT,
  },
  { domain: 'clinic.example', host: 14, data: '550 5.7.1 Message rejected: a virus was found (Test-Signature)', meaning: CONTENT },
  { domain: 'customs.example', host: 15, data: '552 5.7.0 Attachments of this type are not accepted here', meaning: CONTENT },
  { domain: 'postcard.example', host: 16, size: 4000, meaning: CONTENT },
  { domain: 'parlour.example', host: 17, rcpt: "550 5.7.1 <{rcpt}>: rejected by the recipient's own filter rule", meaning: FILTERED },
  { domain: 'meadow.example', host: 18, rcpt: '451 4.7.1 Greylisted, please try again in 300 seconds', meaning: THROTTLED },
  {
    domain: 'station.example',
    host: 19,
    banner: '421 4.7.0 {domain} too many connections from [{client}], come back later',
    meaning: THROTTLED,
  },
  {
    domain: 'ferry.example',
    host: 20,
    rcpt: '450 4.2.1 {rcpt} is receiving mail at a rate that prevents further messages from being delivered',
    meaning: THROTTLED,
  },
  { domain: 'warehouse.example', host: 21, rcpt: '452 4.3.1 Insufficient system storage', meaning: DOWN },
  { domain: 'carousel.example', host: 22, data: '554 5.4.6 Too many hops, this message is going in circles', meaning: DOWN },
  { domain: 'vault.example', host: 23, rcpt: '451 4.3.0 Internal error, the directory of users cannot be read now', meaning: DOWN },
  { domain: 'quarry.example', host: 24, listen: 'refused', meaning: DOWN },
  { domain: 'silent.example', host: 25, listen: 'silent', meaning: DOWN },
  { domain: 'nowhere.test', host: 26, dns: 'nxdomain', meaning: NO_DOMAIN },
  { domain: 'flicker.test', host: 27, dns: 'servfail', meaning: DOWN },
  { domain: 'letterless.example', host: 28, dns: 'null-mx', meaning: NO_DOMAIN },
  { domain: 'brook.example', host: 29, meaning: FINE },
  // bücher.example
  { domain: 'xn--bcher-kva.example', host: 30, rcpt: '550 5.1.1 <{rcpt}>: user unknown', meaning: UNKNOWN },
];

export function siteAddress(site: Site): string {
  return `127.0.1.${site.host}`;
}
