import { insertAlerts, type NewAlert } from '../store/alerts.ts';
import { foldCounterLines, type RecurringText } from '../store/counter-fold.ts';
import { takeLease } from '../store/lease.ts';
import type { Instance } from './instance.ts';

const LEASE = 'fold-counters';
const LEASE_MS = 10_000;
/** Lines folded by one statement: well under a second of work. */
const SLICE = 20_000;
const MOST_SLICES = 50;

/**
 * Folds the counter lines that batches have appended into the counters themselves. To be called every second on every node: one at a
 * time does the work, held by a lease.
 *
 * A slice is one statement that deletes its lines and adds their sums, so that nothing is lost or counted twice wherever it is killed,
 * and readers, who add folded and pending lines, see the same sum at every moment. Counting changes neither `version` nor `updated_at`.
 *
 * A text that nobody has qualified and that comes again raises its alert in the transaction that counts it (QUA-9, R165): once, whatever is
 * killed when, and at no cost to those who record results.
 *
 * @returns the number of lines folded; 0 where another node is at it
 */
export async function foldCounters(instance: Instance): Promise<number> {
  const { database, node } = instance;
  if (!(await takeLease(database, LEASE, node, LEASE_MS))) return 0;
  let folded = 0;
  for (let slice = 0; slice < MOST_SLICES; slice += 1) {
    const { lines, raised } = await database.transaction(async (tx) => {
      const { lines, recurring } = await foldCounterLines(tx, SLICE);
      return { lines, raised: await insertAlerts(tx, recurring.map(alertOf), instance.now()) };
    });
    if (raised > 0) database.hints.notify('ALERT');
    folded += lines;
    if (lines < SLICE || !(await takeLease(database, LEASE, node, LEASE_MS))) break;
  }
  return folded;
}

function alertOf({ id, channel, text }: RecurringText): NewAlert {
  const sentence = `A failure that nobody has qualified came again (${channel}): ${text}`;
  return { kind: 'UNKNOWN_TEXT', subject: String(id), text: sentence, qualificationId: id };
}
