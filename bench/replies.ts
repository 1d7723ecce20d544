import { hash } from 'node:crypto';
import { builtInRules } from '../src/domain/qualification/built-in-rules.ts';
import type { FailureEvidence } from '../src/domain/qualification/failure-evidence.ts';
import { normalizeText, qualificationKey } from '../src/domain/qualification/normalize-text.ts';
import type { QualificationRuleData } from '../src/domain/qualification/qualification-rule.ts';
import { decide, qualify } from '../src/domain/qualification/qualify.ts';
import { compileRuleBook, defaultRuleBook, type RuleBook } from '../src/domain/qualification/rule-book.ts';
import { type BenchResult, scaled } from './bench-result.ts';

export const name = 'replies';

const REPLIES = 20_000;
const ROUNDS = 5;

/** Replies as servers write them, with what varies from message to message. */
const TEMPLATES: readonly ((random: Random) => string)[] = [
  (r) => `550 5.1.1 <${r.address()}>: Recipient address rejected: User unknown in virtual mailbox table`,
  (r) => `550 5.1.1 <${r.address()}>... User unknown`,
  (r) =>
    `550-5.1.1 The email account that you tried to reach does not exist. Please try\n550-5.1.1 double-checking the recipient's email address for typos.\n550 5.1.1 https://support.google.com/mail/?p=NoSuchUser ${r.id(24)}.${r.number(3)} - gsmtp`,
  (r) => `550 5.4.1 Recipient address rejected: Access denied. [${r.id(10)}.eop-eur05.prod.protection.outlook.com ${r.date()} ${r.id(16)}]`,
  (r) => `552 5.2.2 <${r.address()}>: user is over quota`,
  (r) => `452 4.2.2 <${r.address()}> mailbox full (${r.number(6)} bytes)`,
  (r) =>
    `554 5.7.1 Service unavailable; Client host [${r.ip()}] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/${r.ip()}`,
  (r) =>
    `421 4.7.0 [TSS04] Messages from ${r.ip()} temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes`,
  (r) => `451 4.7.1 Greylisting in action, please come back in ${r.number(3)} seconds (id ${r.id(12)})`,
  (r) => `host ${r.host()}[${r.ip()}] said: 550 5.7.1 Message rejected as spam by content filtering (in reply to end of DATA command)`,
  (r) => `connect to ${r.host()}[${r.ip()}]:25: Connection timed out`,
  (r) => `Host or domain name not found. Name service error for name=${r.host()} type=A: Host not found`,
  (r) =>
    `550 5.7.26 This mail is unauthenticated, which poses a security risk to the sender. SPF [${r.host()}] with ip: [${r.ip()}] = did not pass ${r.id(24)} - gsmtp`,
  (r) => `554 5.7.1 <${r.address()}>: Relay access denied`,
  (r) => `550 ${r.id(14)} Account of ${r.address()} is suspended`,
  (r) => `552 5.3.4 Message size ${r.number(8)} exceeds fixed limit ${r.number(7)}`,
  (r) => `550 5.1.1 Adresse d'au moins un destinataire invalide. Invalid recipient. OFR204_416 [416] ${r.id(12)}`,
  (r) =>
    `550 Requested action not taken: mailbox unavailable For explanation visit https://postmaster.gmx.net/en/error-messages?ip=${r.ip()}&c=hi`,
  (r) => `550 Empfänger <${r.address()}> existiert nicht`,
  (r) => `550 ${r.id(8)} zqxv ${r.number(5)}`,
];

/** A small generator with a fixed seed, so that every run measures the same replies. */
class Random {
  #state = 20_250_521;

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 4_294_967_296) * limit);
  }

  id(length: number): string {
    return Array.from({ length }, () => 'abcdefghijklmnopqrstuvwxyz0123456789'.charAt(this.below(36))).join('');
  }

  number(digits: number): string {
    return Array.from({ length: digits }, (_, index) => String(index === 0 ? 1 + this.below(9) : this.below(10))).join('');
  }

  ip(): string {
    return `${1 + this.below(223)}.${this.below(256)}.${this.below(256)}.${1 + this.below(254)}`;
  }

  host(): string {
    return `mx${this.below(9)}.${this.id(7)}.example`;
  }

  address(): string {
    return `${this.id(5)}.${this.id(6)}@${this.id(8)}.example`;
  }

  date(): string {
    return `2025-0${1 + this.below(9)}-1${this.below(10)}T0${this.below(10)}:1${this.below(10)}:2${this.below(10)}.000Z`;
  }
}

function makeReplies(): readonly FailureEvidence[] {
  const random = new Random();
  return Array.from({ length: scaled(REPLIES) }, (_, index) => {
    const template = TEMPLATES[index % TEMPLATES.length] as (typeof TEMPLATES)[number];
    const text = template(random);
    return { channel: 'EMAIL', origin: 'SYNC', text, recipient: /<([^>]+@[^>]+)>/.exec(text)?.[1] ?? random.address() };
  });
}

const USER_REGEXES = 300;
const WORDS = 'mailbox account address user quota policy relay sender recipient domain blocked disabled exceeded rejected listed'.split(
  ' ',
);

/** Regular expressions as users write them: with gaps, choices, borders of words and places of figures, none of which these replies hold. */
function userRules(): readonly QualificationRuleData[] {
  const random = new Random();
  const word = () => WORDS[random.below(WORDS.length)] ?? '';
  const shapes = [
    (i: number) => `(?i)${word()} +${word()} .*code ${i}`,
    (i: number) => `^5\\d\\d[ -].*(?:${word()}|${word()}) \\(${i}\\)`,
    (i: number) => `\\b${word()}\\b.*\\bx${i}\\b`,
    (i: number) => `(?i)${word()}.*${word()}.*\\[${i}\\d+\\]`,
  ];
  return Array.from({ length: USER_REGEXES }, (_, index) => ({
    name: `User ${index}`,
    position: index,
    patterns: [],
    regex: (shapes[index % shapes.length] as (typeof shapes)[number])(index),
    type: 'SOFT',
    reason: 'UNREACHABLE',
    fault: 'INFRASTRUCTURE',
    active: true,
    shadow: false,
    origin: 'USER',
  }));
}

function bookWithUserRules(): RuleBook {
  const compiled = compileRuleBook({ rules: [...userRules(), ...builtInRules()], edited: [] });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  return compiled.book;
}

/** Replies per second of processor time in the best round: a neighbour's work on the machine hardly counts. */
function fastest(replies: readonly FailureEvidence[], work: (evidence: FailureEvidence) => number): number {
  let best = 0;
  let total = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = process.cpuUsage();
    for (const evidence of replies) total += work(evidence);
    const { user, system } = process.cpuUsage(started);
    best = Math.max(best, (replies.length / (user + system)) * 1e6);
  }
  if (total === 0) throw new Error('nothing was measured');
  return best;
}

/** Baseline: normalising and hashing alone. Nothing is cached by text: every reply is read anew. */
export async function run(): Promise<BenchResult[]> {
  const replies = makeReplies();
  const book = defaultRuleBook();
  const hashing = fastest(replies, ({ text }) => hash('md5', text, 'hex').length);
  const baseline = fastest(replies, ({ text, recipient }) => qualificationKey(normalizeText(text, recipient)).length);
  const whole = fastest(replies, (evidence) => qualify(evidence, book).verdict.md5.length);
  const alone = fastest(replies, (evidence) => decide(evidence, book).decidedBy.length);
  const extended = bookWithUserRules();
  const withUsers = fastest(replies, (evidence) => decide(evidence, extended).decidedBy.length);
  const figure = (label: string, value: number, of: number): BenchResult => ({
    name: label,
    value,
    unit: 'replies/CPU s',
    baseline: of,
    ratio: value / of,
  });
  return [
    figure('verdict with normalised text and key', whole, baseline),
    figure('verdict alone', alone, baseline),
    figure(`verdict alone, ${USER_REGEXES} user regexes`, withUsers, alone),
    figure('normalising and hashing alone', baseline, hashing),
  ];
}
