import { describe, expect, it } from 'vitest';
import { builtInRules } from '../../../src/domain/qualification/built-in-rules.ts';
import type { FailureEvidence } from '../../../src/domain/qualification/failure-evidence.ts';
import type { EditedQualification, QualificationRuleData } from '../../../src/domain/qualification/qualification-rule.ts';
import { decide, qualify } from '../../../src/domain/qualification/qualify.ts';
import { compileRuleBook, defaultRuleBook, type RuleBook } from '../../../src/domain/qualification/rule-book.ts';
import { millisecondsSince } from '../../support/cpu-time.ts';

const shipped = defaultRuleBook();

function aReply(text: string, over: Partial<FailureEvidence> = {}): FailureEvidence {
  return { channel: 'EMAIL', origin: 'SYNC', text, ...over };
}

function aRule(over: Partial<QualificationRuleData>): QualificationRuleData {
  const base = { name: 'Mine', position: 1, patterns: [], regex: null, type: 'SOFT', reason: 'REFUSED', fault: 'SENDER' } as const;
  return { ...base, active: true, shadow: false, origin: 'USER', ...over };
}

function aBook(rules: readonly QualificationRuleData[], edited: readonly EditedQualification[] = []): RuleBook {
  const compiled = compileRuleBook({ rules: [...builtInRules(), ...rules], edited });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  return compiled.book;
}

function meaningOf(evidence: FailureEvidence, book = shipped): string {
  const { type, reason } = qualify(evidence, book).verdict;
  return `${type} ${reason}`;
}

/** The qualification column of spec 7.3, with what the corpus and amendment A3 decide otherwise (amendment A13). */
const SPEC_ROWS: readonly (readonly [text: string, meaning: string, fault: string])[] = [
  [
    '550 5.1.1 <susan.sarandon@adobe.com>: Recipient address rejected: User unknown in virtual mailbox table',
    'HARD USER_UNKNOWN',
    'RECIPIENT',
  ],
  ['550 <a.b@example.org> No such user here', 'HARD USER_UNKNOWN', 'RECIPIENT'],
  ['550 <jo@corp.example> unknown mailbox', 'HARD USER_UNKNOWN', 'RECIPIENT'],
  ['550 <mario.rossi@libero.it> recipient rejected', 'HARD USER_UNKNOWN', 'RECIPIENT'],
  ['550 <x@y.fr> Relaying denied', 'SOFT UNREACHABLE', 'SENDER'],
  ['554 Denied', 'SOFT REFUSED', 'SENDER'],
  ['421 mx3.example.net Service not available - too busy', 'SOFT UNREACHABLE', 'INFRASTRUCTURE'],
  ['221 smtp-in.orange.fr Service closing transmission channel', 'SOFT UNREACHABLE', 'INFRASTRUCTURE'],
  ["Echec de la requête DNS sur 'ourdan.com'.", 'SOFT INVALID_DOMAIN', 'RECIPIENT'],
  ["DNS query failed for 'ourdan.com'", 'SOFT INVALID_DOMAIN', 'RECIPIENT'],
  ['503 #5.5.1 RCPT first', 'SOFT UNREACHABLE', 'INFRASTRUCTURE'],
  ['550 5.2.2 User quota exceeded', 'SOFT MAILBOX_FULL', 'RECIPIENT'],
  ['550 5.7.1 : Recipient address rejected: Inactive MailBox, not poped for more than 6 months', 'SOFT ACCOUNT_DISABLED', 'RECIPIENT'],
  ['421 4.16.55 [TS01] Messages from 98.136.216.26 temporarily deferred due to excessive user complaints', 'SOFT REFUSED', 'SENDER'],
  [
    "550-5.1.1 The email account that you tried to reach does not exist. Please try\n550-5.1.1 double-checking the recipient's email address.\n550 5.1.1  https://support.google.com/mail/?p=NoSuchUser d2e1a72fcca58-6e5b3d0c1a2si123456b3a.12 - gsmtp",
    'HARD USER_UNKNOWN',
    'RECIPIENT',
  ],
  ["550 5.1.1 'dave@icloud.com': user lookup success but no user record found.", 'HARD USER_UNKNOWN', 'RECIPIENT'],
  [
    '554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.10',
    'SOFT REFUSED',
    'SENDER',
  ],
  ['451 4.7.1 Greylisted, id 3F2A91BC77D04 try after 300 seconds', 'SOFT UNREACHABLE', 'SENDER'],
  ['452 4.2.2 … over quota 2021-05-03T10:11:12Z', 'SOFT MAILBOX_FULL', 'RECIPIENT'],
  ["MTA-740010 Error in delivery part 48213: INT-150012 The HTTP query returned a '503' error", 'IGNORED UNREACHABLE', 'INFRASTRUCTURE'],
];

describe('qualifying the texts of the specification', () => {
  it.each(SPEC_ROWS)('%s is %s', (text, meaning, fault) => {
    const { verdict } = qualify(aReply(text), shipped);
    expect(`${verdict.type} ${verdict.reason}`).toBe(meaning);
    expect(verdict.fault).toBe(fault);
  });

  it('an absent subscriber is not connected', () => {
    const evidence: FailureEvidence = {
      channel: 'SMS',
      origin: 'STATUS_REPORT',
      text: 'Absent subscriber +491511234567 at 12/14/2020 6:55:00 AM',
    };
    expect(meaningOf(evidence)).toBe('IGNORED NOT_CONNECTED');
  });
});

/** Hard cases: the same words mean another thing elsewhere. In our own words. */
const HARD_CASES: readonly (readonly [why: string, evidence: FailureEvidence, meaning: string])[] = [
  [
    'Exchange Online says "access denied" for an unknown recipient',
    aReply('550 5.4.1 Recipient address rejected: Access denied. [DB5EUR01FT.eop-EUR01.prod.protection.outlook.com]'),
    'HARD USER_UNKNOWN',
  ],
  [
    'elsewhere "access denied" is a policy',
    aReply('554 5.7.1 <x@firm.example>: Recipient address rejected: Access denied'),
    'SOFT REFUSED',
  ],
  [
    'docomo answers an unknown user only after DATA',
    aReply('550 Unknown user', { smtpCommand: 'DATA', remoteHost: 'mfsmax.docomo.ne.jp' }),
    'HARD USER_UNKNOWN',
  ],
  [
    'an outer expiry with an inner full mailbox',
    aReply('554 4.4.7 Message expired: unable to deliver in 840 minutes.<450 4.2.2 Mailbox full>'),
    'SOFT MAILBOX_FULL',
  ],
  [
    'an outer expiry with an inner time-out',
    aReply('554 4.4.7 Message expired: unable to deliver.<421 4.4.2 Connection timed out>'),
    'SOFT UNREACHABLE',
  ],
  [
    'Gmail 5.2.1 that is a disabled account',
    aReply(
      '550-5.2.1 The email account that you tried to reach is disabled. Learn more at 550 5.2.1 https://support.google.com/mail/?p=DisabledUser a1b2c3 - gsmtp',
    ),
    'SOFT ACCOUNT_DISABLED',
  ],
  [
    'Gmail 5.2.1 that is too much mail for one user',
    aReply('550-5.2.1 The user you are trying to contact is receiving mail at a rate that 550-5.2.1 prevents additional messages. - gsmtp'),
    'SOFT UNREACHABLE',
  ],
  [
    'Gmail out of storage and inactive is a full mailbox',
    aReply("552-5.2.2 The recipient's inbox is out of storage space and inactive. - gsmtp"),
    'SOFT MAILBOX_FULL',
  ],
  [
    'a silent status with the real code quoted inside',
    aReply("5.3.0 - Other mail system problem 550-'5.1.1 <gone@firm.example>... nothing here'", { enhancedCode: '5.0.0' }),
    'HARD USER_UNKNOWN',
  ],
  [
    'an unknown sender domain must not hurt the recipient',
    aReply('550 5.1.8 Domain of sender address news@shop.example does not exist'),
    'SOFT REFUSED',
  ],
  [
    'a sender that cannot be verified must not hurt the recipient',
    aReply('550-Verification failed for <news@shop.example> 550-No Such User Here 550 Sender verify failed'),
    'SOFT REFUSED',
  ],
  [
    'SPF, whatever sendmail adds below',
    aReply('553 Sender Policy Framework (SPF) fail 550 5.1.1 jo@firm.example... User unknown'),
    'SOFT REFUSED',
  ],
  ['a missing PTR', aReply('550 5.7.25 The IP address sending this message does not have a PTR record'), 'SOFT REFUSED'],
  ['two Subject headers', aReply('550 5.7.1 This message is not RFC 5322 compliant, it has two Subject headers'), 'SOFT REFUSED'],
  ['an unverified sender at a relay', aReply('554 Message rejected: Email address is not verified.'), 'SOFT REFUSED'],
  ['over quota with the code of an unknown user', aReply('552 5.1.1 <x@firm.example> mailbox is over quota'), 'SOFT MAILBOX_FULL'],
  ['a listed sender with the code of an unknown address', aReply('550 5.1.0 Your MailFrom domain is listed in Spamhaus'), 'SOFT REFUSED'],
  ['an unknown user with the code of a policy', aReply('550 5.7.1 No such user c18si236'), 'HARD USER_UNKNOWN'],
  ['a full mailbox with a code that says nothing', aReply('550 5.5.0 mailbox full'), 'SOFT MAILBOX_FULL'],
  ['a permanent code with a temporary text', aReply('550 5.0.0 Temporary lookup failure'), 'SOFT UNREACHABLE'],
  [
    'an address check that has not ended',
    aReply('450 4.1.1 <x@firm.example>: Recipient address rejected: unverified address: Address verification in progress'),
    'SOFT UNREACHABLE',
  ],
  [
    'a blocklist whose answer is greylisting',
    aReply('421 4.7.1 Client host [192.0.2.1] blocked using grey.example - Greylisting in action, please come back later'),
    'SOFT UNREACHABLE',
  ],
  ['the word spam in an address is no spam', aReply('550 5.1.1 <spam.full.blocked@firm.example>: User unknown'), 'HARD USER_UNKNOWN'],
  [
    'an unknown user of a host named after relaying',
    aReply('host relay3.firm.example said: 550 5.1.1 User unknown in relay recipient table'),
    'HARD USER_UNKNOWN',
  ],
];

describe('hard cases', () => {
  it.each(HARD_CASES)('%s', (_why, evidence, meaning) => {
    expect(meaningOf(evidence)).toBe(meaning);
  });

  it.each(['550 5.1.2 No such domain', '550 5.1.0 user unknown', '550 5.1.1 nobody'])(
    'a refused MAIL FROM never speaks of the recipient: %s',
    (text) => {
      const { verdict } = qualify(aReply(text, { smtpCommand: 'MAIL FROM' }), shipped);
      expect(verdict.type).not.toBe('HARD');
      expect(verdict.reason).not.toBe('INVALID_DOMAIN');
    },
  );
});

describe('what decides', () => {
  const text = '550 5.1.1 <jo@firm.example>: User unknown';
  const md5 = qualify(aReply(text), shipped).verdict.md5;
  const edited: EditedQualification = { channel: 'EMAIL', md5, type: 'SOFT', reason: 'REFUSED', fault: 'SENDER', status: 'KEEP' };

  it('a row that a person edited comes before every rule', () => {
    const book = aBook([aRule({ patterns: ['user unknown'], reason: 'UNREACHABLE' })], [edited]);
    expect(qualify(aReply(text), book)).toMatchObject({
      verdict: { type: 'SOFT', reason: 'REFUSED', fault: 'SENDER', decidedBy: `qualification ${md5}` },
      ruleName: null,
      ignored: false,
    });
  });

  it('an edited row decides for its own channel only', () => {
    const book = aBook([], [{ ...edited, channel: 'SMS' }]);
    expect(meaningOf(aReply(text), book)).toBe('HARD USER_UNKNOWN');
  });

  it('a row set to IGNORE keeps its meaning and says that it never counts', () => {
    const book = aBook([], [{ ...edited, status: 'IGNORE', type: 'HARD', reason: 'USER_UNKNOWN' }]);
    expect(qualify(aReply(text), book)).toMatchObject({ ignored: true, verdict: { type: 'HARD' } });
  });

  it("a user's rule comes before the shipped table, whatever its position", () => {
    const book = aBook([aRule({ patterns: ['User UNKNOWN'], position: 9999 })]);
    expect(qualify(aReply(text), book)).toMatchObject({ verdict: { decidedBy: 'rule Mine' }, ruleName: 'Mine' });
  });

  it("position decides between two users' rules", () => {
    const rules = [
      aRule({ name: 'Later', position: 2, patterns: ['unknown'] }),
      aRule({ name: 'Sooner', position: 1, patterns: ['user'] }),
    ];
    expect(qualify(aReply(text), aBook(rules)).ruleName).toBe('Sooner');
  });

  it("a user's strings are literal: no wildcard, no pattern", () => {
    expect(qualify(aReply(text), aBook([aRule({ patterns: ['user.unknown', 'user*'] })])).ruleName).not.toBe('Mine');
  });

  it("a user's string may stand across two lines of a reply", () => {
    expect(qualify(aReply('550 please\r\n try'), aBook([aRule({ patterns: ['please try'] })])).ruleName).toBe('Mine');
  });

  it("a user's regular expression heeds case unless told otherwise", () => {
    expect(qualify(aReply(text), aBook([aRule({ regex: 'user unknown$' })])).ruleName).not.toBe('Mine');
    expect(qualify(aReply(text), aBook([aRule({ regex: '(?i)user unknown$' })])).ruleName).toBe('Mine');
  });

  it("a user's regular expression costs linear time", () => {
    const book = aBook([aRule({ regex: '(a+)+$' })]);
    const started = process.cpuUsage();
    qualify(aReply(`${'a'.repeat(5000)}!`), book);
    expect(millisecondsSince(started)).toBeLessThan(1000);
  });

  it('a shadow rule counts and decides nothing', () => {
    const book = aBook([aRule({ name: 'Tried', patterns: ['unknown'], shadow: true })]);
    expect(qualify(aReply(text), book)).toMatchObject({ shadowHits: ['Tried'], ruleName: 'User_unknown' });
  });

  it('an inactive rule does nothing', () => {
    const book = aBook([aRule({ patterns: ['unknown'], active: false })]);
    expect(qualify(aReply(text), book)).toMatchObject({ shadowHits: [], ruleName: 'User_unknown' });
  });

  it('a shipped rule can be switched off, set to shadow, given another meaning', () => {
    const change = (over: Partial<QualificationRuleData>) =>
      builtInRules().map((rule) => (rule.name === 'User_unknown' ? { ...rule, ...over } : rule));
    const book = (over: Partial<QualificationRuleData>) => {
      const compiled = compileRuleBook({ rules: change(over), edited: [] });
      if (!compiled.ok) throw new Error('does not compile');
      return compiled.book;
    };
    expect(qualify(aReply(text), book({ active: false })).verdict.decidedBy).toBe('status 5.1.1');
    expect(qualify(aReply(text), book({ shadow: true }))).toMatchObject({
      shadowHits: ['User_unknown'],
      verdict: { decidedBy: 'status 5.1.1' },
    });
    expect(meaningOf(aReply(text), book({ type: 'SOFT' }))).toBe('SOFT USER_UNKNOWN');
  });

  it('an edited qualification does not compile the shipped rules again', () => {
    expect(aBook([aRule({ patterns: ['unknown'] })], [edited]).table).toBe(aBook([]).table);
  });

  it('a rule that does not compile is named with the reason', () => {
    const compiled = compileRuleBook({ rules: [aRule({ regex: '(?=x)' })], edited: [] });
    expect(compiled).toMatchObject({ ok: false, errors: [{ rule: 'Mine', message: expect.stringContaining('look-ahead') }] });
  });

  it('the enhanced status code decides where no text does', () => {
    expect(qualify(aReply('550 5.2.2 xyzzy'), shipped).verdict).toMatchObject({ reason: 'MAILBOX_FULL', decidedBy: 'status 5.2.2' });
  });

  it('the reply code decides where it means one thing only', () => {
    expect(qualify(aReply('556 xyzzy'), shipped).verdict).toMatchObject({ reason: 'INVALID_DOMAIN', decidedBy: 'reply 556' });
  });

  it('a new permanent text is left for a person, a new temporary one is tried again', () => {
    expect(qualify(aReply('550 xyzzy'), shipped).verdict).toMatchObject({
      type: 'UNDEFINED',
      reason: 'UNDEFINED',
      fault: 'UNDETERMINED',
      decidedBy: 'fallback',
    });
    expect(qualify(aReply('450 xyzzy'), shipped).verdict).toMatchObject({ type: 'SOFT', reason: 'UNREACHABLE', decidedBy: 'fallback' });
  });

  it('codes known apart from the text are used and shown', () => {
    expect(qualify(aReply('', { smtpCode: 550, enhancedCode: '5.1.1' }), shipped).verdict).toMatchObject({
      type: 'HARD',
      decidedBy: 'status 5.1.1',
      smtpCode: 550,
      enhancedCode: '5.1.1',
    });
  });

  it('a code that says nothing about a mailbox decides nothing', () => {
    for (const code of ['5.0.0', '4.0.0', '5.5.0', '5.3.0']) {
      expect(qualify(aReply('', { enhancedCode: code }), shipped).verdict.decidedBy).toBe('fallback');
    }
  });

  it('a part of an IP address is no code', () => {
    expect(decide(aReply('550 xyzzy 5.1.1.7'), shipped).enhancedCode).toBeNull();
  });

  it('the notice is asked where the reply says nothing', () => {
    const notice = 'I am sorry, but this mailbox is full and takes no more mail.';
    expect(meaningOf(aReply('550 5.0.0 xyzzy', { notice }))).toBe('SOFT MAILBOX_FULL');
    expect(meaningOf(aReply('550 5.1.1 User unknown', { notice }))).toBe('HARD USER_UNKNOWN');
  });

  it("the receiver's host brings its habits", () => {
    const reply = aReply('550 5.4.1 Access denied');
    expect(meaningOf({ ...reply, remoteHost: 'firm-example.mail.protection.outlook.com' })).toBe('HARD USER_UNKNOWN');
    expect(meaningOf(reply)).not.toBe('HARD USER_UNKNOWN');
  });

  it('the name of the host that answered brings its habits and is no word of the answer', () => {
    expect(meaningOf(aReply('host x.mail.protection.outlook.com[192.0.2.1] said: 550 5.4.1 Access denied'))).toBe('HARD USER_UNKNOWN');
    expect(meaningOf(aReply('host spam-blocker.firm.example[192.0.2.1] said: 550 5.1.1 Recipient is unknown'))).toBe('HARD USER_UNKNOWN');
  });

  it('one evidence and one book always give one verdict', () => {
    expect(qualify(aReply(text), shipped)).toEqual(qualify(aReply(text), shipped));
  });

  it('a reply of megabytes is read in bounded time', () => {
    const started = process.cpuUsage();
    decide(aReply(`550 ${'user '.repeat(400_000)} unknown`), shipped);
    expect(millisecondsSince(started)).toBeLessThan(1000);
  });
});
