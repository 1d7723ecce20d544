/** What the cleanup does to the quarantine list: first the transitions, then the rows that are valid go (REL-6). */

import type { QuarantinePolicy } from '../domain/quarantine/quarantine-state.ts';
import { erroneousReleasedBefore, mailboxFullReleasedBefore, validPurgedBefore } from '../domain/quarantine/release.ts';
import { DAY_MS, quarantinePolicy, type Settings } from '../domain/settings/settings.ts';
import { CHANNELS } from '../domain/vocabulary.ts';
import { changeEntries, type EntryChange, findEntries } from '../store/change-entries.ts';
import { join, raw, type Sql, sql } from '../store/database.ts';
import { isErased } from '../store/erased-keys.ts';
import { lockAddresses } from '../store/feedback-reads.ts';
import type { CleanupContext, CleanupTask } from './cleanup-task.ts';

/** Who released, in the ledger, whoever started the run. */
export const CLEANUP_ACTOR = 'cleanup';

/**
 * Makes the entries VALID whose time has come (REL-2, REL-3, QTN-6, X5 to X7; `decideCleanup`): the same rule as a condition, so that a million
 * entries are one statement a slice. Never a hard failure, a person's decision, a complaint or a STOP (REL-4).
 */
export const releaseEntries: CleanupTask = {
  name: 'releasedEntries',
  run: async (context) => {
    let released = 0;
    for (const where of dueConditions(context.settings, context.at)) released += await changeAll(context, where, 'SET_VALID');
    return released;
  },
};

/** Deletes the entries that have been VALID for `validPurgeDelay` (X8). Their ledger stays. */
export const purgeValidEntries: CleanupTask = {
  name: 'purgedEntries',
  run: (context) => {
    const before = validPurgedBefore(context.at, context.settings.validPurgeDelay * DAY_MS);
    return changeAll(context, sql`c.status = 'VALID' AND c.status_updated_at <= ${before}::timestamptz`, 'DELETE');
  },
};

/** One condition a status and a group of channels with the same figures, so that each can go by an index. */
export function dueConditions(settings: Settings, at: Date): Sql[] {
  const groups = new Map<string, { policy: QuarantinePolicy; channels: Sql[] }>();
  for (const channel of CHANNELS) {
    const policy = quarantinePolicy(settings, channel);
    const group = groups.get(JSON.stringify(policy)) ?? { policy, channels: [] };
    group.channels.push(raw(`'${channel}'`));
    groups.set(JSON.stringify(policy), group);
  }
  return [...groups.values()].flatMap(({ policy, channels }) =>
    dueOf(policy, at).map((due) => sql`${due} AND c.channel IN (${join(channels)})`),
  );
}

function dueOf(policy: QuarantinePolicy, at: Date): Sql[] {
  const clock = sql`COALESCE(c.last_error_at, c.status_updated_at)`;
  const otherBefore = sql`${clock} < ${erroneousReleasedBefore(at, policy)}::timestamptz`;
  const fullBefore = sql`c.reason = 'MAILBOX_FULL' AND ${clock} <= ${mailboxFullReleasedBefore(at, policy)}::timestamptz`;
  const due = [
    sql`c.status = 'ERRONEOUS' AND c.reason IS DISTINCT FROM 'MAILBOX_FULL' AND ${otherBefore}`,
    sql`c.status = 'ERRONEOUS' AND ${fullBefore}`,
  ];
  return policy.releaseMailboxFullQuarantine
    ? [...due, sql`c.status = 'QUARANTINE' AND c.soft_caused AND ${fullBefore} AND NOT ${isErased(sql`c.address_key`)}`]
    : due;
}

async function changeAll({ instance, at, sliceSize, keepOn }: CleanupContext, where: Sql, change: EntryChange): Promise<number> {
  const { database } = instance;
  let total = 0;
  for (let after: bigint | null = 0n; after !== null; ) {
    await keepOn();
    const found = await findEntries(database, { where, after, last: null, size: sliceSize });
    if (found.length === 0) break;
    total += await database.transaction(async (tx) => {
      await lockAddresses(
        tx,
        found.map(({ addressKey }) => addressKey),
      );
      return changeEntries(tx, { found, where, change, at, actor: CLEANUP_ACTOR, releaseId: null });
    });
    database.hints.notify('QUARANTINE');
    after = found.length < sliceSize ? null : (found.at(-1)?.id ?? null);
  }
  return total;
}
