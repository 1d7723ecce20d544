import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { BUILT_IN_RULES } from '../domain/qualification/built-in-rules.ts';
import { type ExtensionRule, extendRules, extensionName, settledText } from '../domain/qualification/extend-rules.ts';
import type { QualificationRuleData } from '../domain/qualification/qualification-rule.ts';
import { compileRuleBook, type OwnRule, type RuleBook } from '../domain/qualification/rule-book.ts';
import { insertExtensions, type KeptRow, readKeptMeanings, readProductRules } from '../store/extension-rules.ts';
import { beginJobRun, endJobRun, reportJobRun, type TaskReport } from '../store/job-runs.ts';
import { releaseLease, takeLease } from '../store/lease.ts';
import { bumpRevision } from '../store/revision.ts';
import { deleteRulesOf } from '../store/rule-rows.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';
import { FIRST_BUILT_IN_POSITION } from './rule-books.ts';

export const DELIVERABILITY_JOB = 'deliverability';
export const SCHEDULED_DELIVERABILITY: Actor = { name: DELIVERABILITY_JOB, tokenId: null };

/** Rows read at a time. */
const SLICE_SIZE = 1_000;
/** Kept texts compared between two turns of the event loop. */
const TURN = 50;
/** Each of these rules is asked for every failure. */
const MOST_EXTENSIONS = 500;
/** The last place before the shipped rules: behind the rules of users, also those that are still to come (amendment A12). */
const POSITION = FIRST_BUILT_IN_POSITION - 1;
const LEASE_MS = 60_000;
const ERROR_TEXT_MAX = 500;

export interface DeliverabilityReport {
  readonly tasks: readonly TaskReport[];
}

const REFUSED: DeliverabilityReport = {
  tasks: [{ name: DELIVERABILITY_JOB, rows: 0, durationMs: 0, error: 'An update is running already: nothing was done.' }],
};

/**
 * Extends the rules by what people marked KEEP (R191, R207, spec W5): a kept text that the shipped rules and earlier updates do not decide
 * the same way becomes a rule of origin DELIVERABILITY_UPDATE. TO_QUALIFY and IGNORE make none (R206, R208), and a text that is no longer
 * KEEP, or means something else by now, loses the one it made. Rules of users are never touched (amendment A2); one that is switched off
 * stays so.
 *
 * One update at a time, on all nodes together. Repeated, it changes nothing.
 *
 * @returns what it did; kept as the report of the job
 */
export async function updateDeliverabilityRules(instance: Instance, actor: Actor): Promise<DeliverabilityReport> {
  const { database, log } = instance;
  const holder = `${instance.node}:${randomUUID().slice(0, 8)}`;
  if (!(await takeLease(database, DELIVERABILITY_JOB, holder, LEASE_MS))) return REFUSED;
  try {
    const run = await database.transaction((tx) => beginJobRun(tx, DELIVERABILITY_JOB, instance.now()));
    const started = performance.now();
    try {
      const done = await update(instance, actor);
      const durationMs = Math.round(performance.now() - started);
      const tasks = [
        { name: 'removedRules', rows: done.removed, durationMs: 0, error: null },
        { name: 'addedRules', rows: done.added, durationMs, error: null },
      ];
      await reportJobRun(database, run, tasks);
      await endJobRun(database, run, 'DONE', instance.now());
      return { tasks };
    } catch (fault) {
      log.error({ err: fault }, 'the deliverability update failed');
      const error = (fault instanceof Error ? fault.message : String(fault)).slice(0, ERROR_TEXT_MAX);
      const tasks = [{ name: 'addedRules', rows: 0, durationMs: Math.round(performance.now() - started), error }];
      await reportJobRun(database, run, tasks);
      await endJobRun(database, run, 'FAILED', instance.now());
      return { tasks };
    }
  } finally {
    await releaseLease(database, DELIVERABILITY_JOB, holder);
  }
}

async function update(instance: Instance, actor: Actor): Promise<{ removed: number; added: number }> {
  const { database } = instance;
  const kept = await readAllKept(instance);
  const present = await readProductRules(database);
  const outdated = outdatedExtensions(present, kept);
  const rules = present.filter(({ name }) => !outdated.includes(name));
  const added = await newExtensions(instance, kept, rules);
  if (outdated.length + added.length === 0) return { removed: 0, added: 0 };
  const now = instance.now();
  return database.transaction(async (tx) => {
    const counts = {
      removed: await deleteRulesOf(tx, 'DELIVERABILITY_UPDATE', outdated),
      added: await insertExtensions(tx, added, POSITION, now),
    };
    await recordAudit(tx, actor, 'qualificationRule.deliverabilityUpdate', `Job ${DELIVERABILITY_JOB}`, counts, now);
    await bumpRevision(tx, 'rules');
    return counts;
  });
}

async function readAllKept({ database }: Instance): Promise<KeptRow[]> {
  const kept: KeptRow[] = [];
  for (let after = 0n, more = true; more; ) {
    const slice = await readKeptMeanings(database, after, SLICE_SIZE);
    kept.push(...slice);
    after = slice.at(-1)?.id ?? after;
    more = slice.length === SLICE_SIZE;
  }
  return kept;
}

/** Their text is not KEEP any more, or people say something else of it. */
function outdatedExtensions(rules: readonly QualificationRuleData[], kept: readonly KeptRow[]): string[] {
  const meant = new Map(kept.map((row) => [extensionName(row.channel, row.md5), row]));
  return rules.flatMap(({ name, origin, type, reason, fault }) => {
    const row = meant.get(name);
    const stands = row !== undefined && row.type === type && row.reason === reason && row.fault === fault;
    return origin === 'DELIVERABILITY_UPDATE' && !stands ? [name] : [];
  });
}

async function newExtensions(
  instance: Instance,
  kept: readonly KeptRow[],
  rules: readonly QualificationRuleData[],
): Promise<ExtensionRule[]> {
  const names = new Set(rules.map(({ name }) => name));
  const settled = [
    ...BUILT_IN_RULES.flatMap((rule) => rule.examples.map((example) => settledText(example, rule))),
    ...kept.map((row) => settledText(row.firstText, row)),
  ];
  const room = MOST_EXTENSIONS - rules.filter(({ origin }) => origin === 'DELIVERABILITY_UPDATE').length;
  const added: ExtensionRule[] = [];
  const leftOut = { TOO_GENERAL: 0, CONTRADICTS: 0, NO_ROOM: 0 };
  let book = bookOf(rules);
  for (const [index, row] of kept.entries()) {
    if (index % TURN === TURN - 1) await setImmediate();
    if (names.has(extensionName(row.channel, row.md5))) continue;
    const extension = extendRules(row, book, settled);
    if (extension.kind === 'none') {
      if (extension.why === 'TOO_GENERAL' || extension.why === 'CONTRADICTS') leftOut[extension.why] += 1;
    } else if (added.length >= room) {
      leftOut.NO_ROOM += 1;
    } else {
      const { name, patterns: _patterns, regex: _regex, ...meaning } = extension.rule;
      const own: OwnRule = { name, meaning, shadow: false, test: extension.test };
      book = { ...book, own: [...book.own, own] };
      added.push(extension.rule);
    }
  }
  instance.log.info({ kept: kept.length, added: added.length, leftOut }, 'the kept texts were compared with the rules');
  return added;
}

function bookOf(rules: readonly QualificationRuleData[]): RuleBook {
  const compiled = compileRuleBook({ rules, edited: [] });
  if (!compiled.ok)
    throw new Error(`the rules do not compile: ${compiled.errors.map(({ rule, message }) => `${rule}: ${message}`).join('; ')}`);
  return compiled.book;
}
