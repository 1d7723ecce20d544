import { ConflictError, InvalidInputError } from '../domain/errors.ts';
import type { QualificationRuleData } from '../domain/qualification/qualification-rule.ts';
import { qualify } from '../domain/qualification/qualify.ts';
import { compileRuleBook, type OwnRule, type RuleBook } from '../domain/qualification/rule-book.ts';
import { collapseSpaces } from '../domain/qualification/user-pattern.ts';
import { type Meaning, sameMeaning } from '../domain/qualification/verdict.ts';
import { type VerdictChange, VerdictChanges } from '../domain/qualification/verdict-changes.ts';
import { DAY_MS } from '../domain/settings/settings.ts';
import { sql } from '../store/database.ts';
import { type PastFailure, readAddressHistories, readPastFailures } from '../store/failure-history.ts';
import { readEntries } from '../store/feedback-reads.ts';
import type { SampledFailure } from '../store/requalification.ts';
import { checkedRule, checkPosition } from './check-rule-input.ts';
import { CLEANUP_ACTOR } from './cleanup-entries.ts';
import type { QualificationRuleInput } from './create-qualification-rule.ts';
import type { Instance } from './instance.ts';
import { judgePast, type PastEvidence, readPastEvidence } from './past-evidence.ts';
import { type JudgedMeaning, ownEntries, rejudgeHistory } from './rejudge-history.ts';

export interface RulePreview {
  readonly from: Date;
  /** Failures that were looked at. */
  readonly examined: number;
  /** There were more: the older ones were left out. */
  readonly cut: boolean;
  /** Failures that the rule would decide, and those that it would no longer. */
  readonly matched: number;
  readonly changes: readonly VerdictChange[];
  readonly samples: readonly SampledFailure[];
  readonly released: readonly string[];
  readonly newlyQuarantined: readonly string[];
}

export interface PreviewOptions {
  readonly sliceSize?: number;
  readonly mostFailures?: number;
}

const SLICE_SIZE = 5_000;
const MOST_FAILURES = 100_000;
const MOST_DAYS = 366;
const SAMPLES = 20;

/**
 * What the failures of the last days would have become had this rule been there (issue 4.5). Changes nothing. A rule of the same name is
 * taken out for it, so that an edit can be tried; `active` and `shadow` do not matter.
 *
 * Only what the rule itself decides is judged anew: a text that a person has qualified, or that a rule before it decides, stays as it was.
 * An address counts as released or newly quarantined where a requalification would release or quarantine it (`rejudgeAddress`): what a
 * person or an import has decided, DENYLISTED and ALLOWLISTED entries are left out.
 *
 * @param days whole number, 1 to 366
 * @throws InvalidInputError, ConflictError where a shipped rule has the name
 */
export async function previewRule(
  instance: Instance,
  input: QualificationRuleInput,
  days: number,
  { sliceSize = SLICE_SIZE, mostFailures = MOST_FAILURES }: PreviewOptions = {},
): Promise<RulePreview> {
  if (!Number.isInteger(days) || days < 1 || days > MOST_DAYS) {
    throw new InvalidInputError(`The number of days is a whole number from 1 to ${MOST_DAYS}.`, 'days');
  }
  const trial = await openTrial(instance, input);
  const from = new Date(instance.now().getTime() - days * DAY_MS);
  const addressBook = await instance.addressBook();
  const history = new History(trial);
  let before: PastFailure | null = null;
  let ended = false;
  while (!ended && history.examined < mostFailures) {
    const size = Math.min(sliceSize, mostFailures - history.examined);
    const slice: PastFailure[] = await readPastFailures(instance.database, { from }, before, size);
    const letGo = await readPastEvidence(
      instance.database,
      addressBook,
      slice.filter((failure) => isLetGo(failure, trial)),
    );
    for (const failure of slice) history.add(failure, letGo.get(failure.id));
    before = slice.at(-1) ?? before;
    ended = slice.length === 0;
  }
  const cut = !ended && (await readPastFailures(instance.database, { from }, before, 1)).length > 0;
  const addresses = await replayAddresses(instance, history, sliceSize);
  const { examined, matched, samples } = history;
  return { from, examined, cut, matched, changes: history.changes.list(), samples, ...addresses };
}

/** The rules with the one that is tried among them. */
interface Trial {
  readonly book: RuleBook;
  readonly rule: OwnRule;
}

async function openTrial(instance: Instance, input: QualificationRuleInput): Promise<Trial> {
  const name = input.name.trim();
  const { type, reason } = input;
  const draft = { name, patterns: input.patterns ?? [], regex: input.regex ?? null, type, reason };
  const fault = checkedRule(input.fault == null ? draft : { ...draft, fault: input.fault });
  if (input.position != null) checkPosition(input.position, false);
  const rules = await instance.database.query<QualificationRuleData & { id: bigint }>(sql`
    SELECT id, name, position, patterns, regex, type, reason, fault, active, shadow, origin FROM qualification_rule ORDER BY id`);
  const replaced = rules.find((rule) => rule.name === name);
  if (replaced?.origin === 'BUILT_IN') throw new ConflictError(`There is a rule named ${name} already.`);
  const others = rules.filter((rule) => rule !== replaced);
  const last = Math.max(-1, ...others.filter(({ origin }) => origin === 'USER').map(({ position }) => position));
  const position = input.position ?? replaced?.position ?? last + 1;
  const tried: QualificationRuleData = { ...draft, fault, position, active: true, shadow: false, origin: 'USER' };
  // Of rules at one position the older one is tried first, and an edit makes no rule younger.
  const older = others.filter(({ id }) => replaced === undefined || id < replaced.id);
  const younger = others.filter((rule) => !older.includes(rule));
  const compiled = compileRuleBook({ rules: [...older, tried, ...younger], edited: [] });
  if (!compiled.ok) throw new InvalidInputError(compiled.errors.map(({ message }) => message).join(' '), 'regex');
  const rule = compiled.book.own.find((own) => own.name === name);
  if (rule === undefined) throw new Error('the rule that is tried was not compiled');
  const { book } = await instance.ruleBooks.current();
  return { book: { ...compiled.book, edited: book.edited }, rule };
}

/** The history as it is read, newest first. */
class History {
  examined = 0;
  matched = 0;
  readonly changes = new VerdictChanges();
  readonly samples: SampledFailure[] = [];
  /** Lines that would be taken for something else, by address. */
  readonly changed = new Map<string, Map<bigint, JudgedMeaning>>();
  readonly #trial: Trial;

  constructor(trial: Trial) {
    this.#trial = trial;
  }

  /** @param letGo what is known about a failure that the rule decided and would no longer */
  add(failure: PastFailure, letGo: PastEvidence | undefined): void {
    this.examined += 1;
    const { type, reason, fault, address, addressKey, occurredAt, rawText, ignored } = failure;
    const before: Meaning = { type, reason, fault };
    const after = letGo ? meaningOf(judgePast(letGo, this.#trial.book)?.verdict ?? before) : judge(failure, this.#trial);
    if (after === null) return;
    this.matched += 1;
    this.changes.add(before, after);
    if (sameMeaning(before, after)) return;
    if (this.samples.length < SAMPLES) this.samples.push({ before, after, rawText, address, occurredAt });
    const changed = this.changed.get(addressKey) ?? new Map<bigint, JudgedMeaning>();
    this.changed.set(addressKey, changed.set(failure.id, { ...after, ignored }));
  }
}

/** What the failure would be taken for; null where the rule has no say in it. An address on the allowlist stays ERROR_IGNORED (SUP-10). */
function judge(failure: PastFailure, { book, rule }: Trial): Meaning | null {
  if (failure.reason === 'ERROR_IGNORED') return null;
  const collapsed = collapseSpaces(failure.rawText);
  const decidedBefore = isDecidedBy(failure, rule);
  if (!decidedBefore && !rule.test(collapsed, collapsed.toLowerCase())) return null;
  const { channel, rawText, address, origin } = failure;
  const { verdict, ruleName } = qualify({ channel, text: rawText, recipient: address, origin }, book);
  if (!decidedBefore && ruleName !== rule.name) return null;
  return meaningOf(verdict);
}

/** The rule decided it and does not match it any more: what its report says besides the text counts again. */
function isLetGo(failure: PastFailure, { rule }: Trial): boolean {
  const collapsed = collapseSpaces(failure.rawText);
  return failure.reason !== 'ERROR_IGNORED' && isDecidedBy(failure, rule) && !rule.test(collapsed, collapsed.toLowerCase());
}

const isDecidedBy = (failure: PastFailure, { name }: OwnRule): boolean => failure.decidedBy === `rule ${name}`;

const meaningOf = ({ type, reason, fault }: Meaning): Meaning => ({ type, reason, fault });

async function replayAddresses(instance: Instance, history: History, sliceSize: number) {
  const settings = await instance.settings();
  const keys = [...history.changed.keys()];
  const released: string[] = [];
  const newlyQuarantined: string[] = [];
  for (let at = 0; at < keys.length; at += sliceSize) {
    const slice = keys.slice(at, at + sliceSize);
    const lines = slice.flatMap((addressKey) =>
      [...(history.changed.get(addressKey)?.keys() ?? [])].map((eventId) => ({ addressKey, eventId })),
    );
    const entries = ownEntries(await readEntries(instance.database, slice));
    for (const past of await readAddressHistories(instance.database, lines, CLEANUP_ACTOR)) {
      const changed = history.changed.get(past.addressKey) ?? new Map();
      const { effect } = rejudgeHistory(past, entries.get(past.addressKey)?.state ?? null, changed, settings, instance.now());
      if (effect === 'RELEASED') released.push(past.address);
      if (effect === 'QUARANTINED') newlyQuarantined.push(past.address);
    }
  }
  return { released, newlyQuarantined };
}
