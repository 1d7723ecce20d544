/** What is sent through which mail server, and what the message that comes back means. One case makes one fixture. */
import type { MessageKind } from '../../src/domain/vocabulary.ts';
import { personFor } from './people.ts';
import { CONTENT, FINE, FULL, type Meaning, SITES, UNKNOWN } from './world.ts';

export type CaseRecipient = { readonly address: string; readonly meaning: Meaning };

export type Case = {
  readonly id: string;
  /** Name of the pass of the server's script that sends it, e.g. `postfix` or `postfix-german`. */
  readonly pass: string;
  readonly kind: MessageKind;
  readonly to: readonly string[];
  /** Recipients the returned message speaks of, in any order. */
  readonly recipients: readonly CaseRecipient[];
  readonly notify?: string;
  /** Minimum size of the message in bytes. */
  readonly size?: number;
  /** One person writes to another: no list headers, so that automatic replies are sent. */
  readonly personal?: boolean;
  readonly smtputf8?: boolean;
};

type Options = Partial<Omit<Case, 'id' | 'pass' | 'to' | 'recipients'>> & {
  /** Domains whose recipients the returned message does not mention. */
  readonly silent?: readonly string[];
};

function meaningOf(domain: string): Meaning {
  const site = SITES.find((candidate) => candidate.domain === domain);
  if (site === undefined) throw new Error(`no such site: ${domain}`);
  return site.meaning;
}

/** Mail relayed to other people's servers, one recipient a domain. */
function relay(pass: string, what: string, domains: readonly string[], { silent = [], ...options }: Options = {}): Case {
  const server = pass.split('-')[0] ?? pass;
  const id = `${server}-${what}`;
  const people = domains.map((domain) => ({ address: `${personFor(`${id} ${domain}`)}@${domain}`, meaning: meaningOf(domain), domain }));
  return {
    id,
    pass,
    kind: 'BOUNCE',
    to: people.map((person) => person.address),
    recipients: people.filter((person) => !silent.includes(person.domain)).map(({ address, meaning }) => ({ address, meaning })),
    ...options,
  };
}

/** Mail to a mailbox that the server keeps itself. */
function local(pass: string, what: string, address: string, meaning: Meaning, options: Options = {}): Case {
  const server = pass.split('-')[0] ?? pass;
  return { id: `${server}-${what}`, pass, kind: 'BOUNCE', to: [address], recipients: [{ address, meaning }], ...options };
}

const MIXED = ['harbour.example', 'attic.example', 'fortress.example', 'nowhere.test'] as const;

export const CASES: readonly Case[] = [
  relay('postfix', 'unknown-user', ['harbour.example']),
  relay('postfix', 'unknown-no-enhanced-code', ['orchard.example']),
  relay('postfix', 'unknown-idn', ['xn--bcher-kva.example']),
  relay('postfix', 'moved', ['archive.example']),
  relay('postfix', 'over-quota', ['attic.example']),
  relay('postfix', 'quota-expired', ['cellar.example']),
  relay('postfix', 'quota-vague-code', ['zero.example']),
  relay('postfix', 'disabled', ['lighthouse.example']),
  relay('postfix', 'blocklisted', ['fortress.example']),
  relay('postfix', 'dmarc', ['embassy.example']),
  relay('postfix', 'spam', ['glasshouse.example']),
  relay('postfix', 'recipient-filter', ['parlour.example']),
  relay('postfix', 'greylisted-expired', ['meadow.example']),
  relay('postfix', 'too-many-connections-expired', ['station.example']),
  relay('postfix', 'rate-limited-expired', ['ferry.example']),
  relay('postfix', 'refused-expired', ['quarry.example']),
  relay('postfix', 'timeout-expired', ['silent.example']),
  relay('postfix', 'dns-failing-expired', ['flicker.test']),
  relay('postfix', 'no-such-domain', ['nowhere.test']),
  relay('postfix', 'null-mx', ['letterless.example']),
  relay('postfix', 'too-large', ['postcard.example'], { size: 9000 }),
  relay('postfix', 'loop', ['carousel.example']),
  relay('postfix', 'mixed', [...MIXED, 'brook.example'], { silent: ['brook.example'] }),
  relay('postfix', 'delayed', ['warehouse.example'], { kind: 'DELAY' }),
  relay('postfix', 'relayed', ['brook.example'], { kind: 'DELIVERED', notify: 'SUCCESS,FAILURE' }),
  local('postfix', 'utf8-not-offered', 'grüße@brook.example', CONTENT, { smtputf8: true }),
  local('postfix', 'local-unknown', 'freya.holm@club.example', UNKNOWN),
  local('postfix', 'local-full', 'otto.brandsen@club.example', FULL, { size: 30000 }),
  local('postfix', 'local-delivered', 'clara.reedwater@club.example', FINE, { kind: 'DELIVERED', notify: 'SUCCESS,FAILURE' }),
  relay('postfix-german', 'german', ['granit.example']),
  relay('postfix-german', 'german-delayed', ['cellar.example'], { kind: 'DELAY' }),
  relay('postfix-french', 'french', ['mistral.example']),

  relay('exim', 'unknown-user', ['harbour.example']),
  relay('exim', 'unknown-no-enhanced-code', ['orchard.example']),
  relay('exim', 'over-quota', ['attic.example']),
  relay('exim', 'quota-expired', ['cellar.example']),
  relay('exim', 'refused-expired', ['quarry.example']),
  relay('exim', 'greylisted-expired', ['meadow.example']),
  relay('exim', 'no-such-domain', ['nowhere.test']),
  relay('exim', 'spam', ['glasshouse.example']),
  relay('exim', 'virus', ['clinic.example']),
  relay('exim', 'too-large', ['postcard.example'], { size: 9000 }),
  relay('exim', 'mixed', MIXED),
  relay('exim', 'delayed', ['vault.example'], { kind: 'DELAY' }),
  relay('exim', 'relayed', ['brook.example'], { kind: 'DELIVERED', notify: 'SUCCESS,FAILURE' }),
  local('exim', 'local-unknown', 'maud.holm@club.example', UNKNOWN),
  local('exim', 'local-full', 'paavo.hillesand@club.example', FULL, { size: 30000 }),
  local('exim', 'vacation', 'ines.corvello@club.example', FINE, { kind: 'AUTO_REPLY', personal: true }),

  relay('opensmtpd', 'unknown-user', ['harbour.example']),
  relay('opensmtpd', 'over-quota', ['attic.example']),
  relay('opensmtpd', 'disabled', ['lighthouse.example']),
  relay('opensmtpd', 'blocklisted', ['fortress.example']),
  relay('opensmtpd', 'no-such-domain', ['nowhere.test']),
  relay('opensmtpd', 'refused-delayed', ['quarry.example'], { kind: 'DELAY' }),
  relay('opensmtpd', 'attachment', ['customs.example']),
  relay('opensmtpd', 'mixed', MIXED),
  relay('opensmtpd', 'delayed', ['warehouse.example'], { kind: 'DELAY' }),
  relay('opensmtpd', 'relayed', ['brook.example'], { kind: 'DELIVERED', notify: 'SUCCESS,FAILURE' }),

  relay('sendmail', 'unknown-user', ['harbour.example']),
  relay('sendmail', 'unknown-german', ['granit.example']),
  relay('sendmail', 'over-quota', ['attic.example']),
  relay('sendmail', 'disabled', ['lighthouse.example']),
  relay('sendmail', 'relaying-denied', ['crossroads.example']),
  relay('sendmail', 'no-such-domain', ['nowhere.test']),
  relay('sendmail', 'refused-expired', ['quarry.example']),
  relay('sendmail', 'dmarc', ['embassy.example']),
  relay('sendmail', 'too-large', ['postcard.example'], { size: 9000 }),
  relay('sendmail', 'mixed', MIXED),
  // Sendmail warns nobody about bulk mail.
  relay('sendmail', 'delayed', ['vault.example'], { kind: 'DELAY', personal: true }),
  relay('sendmail', 'relayed', ['brook.example'], { kind: 'DELIVERED', notify: 'SUCCESS,FAILURE' }),

  relay('courier', 'unknown-user', ['harbour.example']),
  relay('courier', 'over-quota', ['attic.example']),
  relay('courier', 'blocklisted', ['fortress.example']),
  relay('courier', 'no-such-domain', ['nowhere.test']),
  relay('courier', 'mixed', MIXED),
  relay('courier', 'delayed', ['warehouse.example'], { kind: 'DELAY' }),

  relay('dma', 'unknown-user', ['harbour.example']),
  relay('dma', 'over-quota', ['attic.example']),
  relay('dma', 'spam', ['glasshouse.example']),

  local('dovecot', 'lmtp-full', 'hanna.ostermund@club.example', FULL, { size: 30000 }),
  local('dovecot', 'lda-full', 'bruno.castelmar@club.example', FULL, { size: 30000 }),
  local(
    'dovecot',
    'sieve-reject',
    'greta.moorcastle@club.example',
    { type: 'SOFT', reason: 'REFUSED', fault: 'RECIPIENT' },
    { personal: true },
  ),
  local('dovecot', 'sieve-vacation', 'rafael.fontaigne@club.example', FINE, { kind: 'AUTO_REPLY', personal: true }),
  local('dovecot', 'vacation-program', 'salma.nakamori@club.example', FINE, { kind: 'AUTO_REPLY', personal: true }),
  local('dovecot', 'maildrop-full', 'ivo.silverdene@club.example', FULL, { size: 30000 }),
];
