import { pino } from 'pino';
import type { DeliveryResultItem } from '../../src/operations/check-delivery-result.ts';
import type { Door } from '../../src/operations/feedback-item.ts';
import { openInstance } from '../../src/operations/open-instance.ts';
import { recordDeliveryResults } from '../../src/operations/record-delivery-results.ts';
import { openServerDatabase } from '../../src/store/server-database.ts';

/** What one process of race.ts has recorded. */
export interface RaceReport {
  readonly batches: number;
  readonly accepted: number;
  /** Of them, those that another worker had told before. */
  readonly duplicates: number;
}

// A process of race.ts: <url> <process> <workers> <begin in ms> <end in ms>. Two neighbouring workers tell the same events.
const [url = '', processIndex = '0', workers = '4', beginMs = '0', endMs = '0'] = process.argv.slice(2);

const ADDRESSES = 100;
const BATCH = 40;
const DOOR: Door = { name: 'race', authenticated: true, actor: { name: 'race', tokenId: null } };
/** Only these ever fail for good or complain, which ends their counting: the others count to the end of the race. */
const ENDING = 20;

const database = await openServerDatabase(url, Number(workers) + 1);
const instance = await openInstance({ database, addressCase: 'canonical', log: pino({ level: 'error' }, pino.destination(2)) });
const report = { batches: 0, accepted: 0, duplicates: 0 };
await Promise.all(
  Array.from({ length: Number(workers) }, (_, index) => work(Math.floor((Number(processIndex) * Number(workers) + index) / 2))),
);
await database.close();
console.log(JSON.stringify(report));

async function work(stream: number): Promise<void> {
  for (let batch = 0; Date.now() < Number(endMs); batch += 1) {
    const items = Array.from({ length: BATCH }, (_, place) => eventOf(stream, batch, place));
    for (const { accepted, duplicate, error } of await recordDeliveryResults(instance, items, DOOR)) {
      if (!accepted) throw error ?? new Error('an event was not accepted');
      report.accepted += 1;
      if (duplicate) report.duplicates += 1;
    }
    report.batches += 1;
  }
}

/** The same whenever it is made: so that two workers can tell it, and one at most is counted. */
function eventOf(stream: number, batch: number, place: number): DeliveryResultItem {
  const lot = mixed(stream, batch, place);
  const address = lot % ADDRESSES;
  // Streams go on at paces of their own, and up to a minute back and forth inside of each: many events come late.
  const occurredAt = new Date(Number(beginMs) + batch * 1_000 + (mixed(lot, place, 1) % 60_000));
  const outcome = outcomeOf(mixed(lot, 2, 3) % 500, address < ENDING);
  return { channel: 'EMAIL', address: `race${address}@race.example`, eventId: `${stream}-${batch}-${place}`, occurredAt, ...outcome };
}

function outcomeOf(lot: number, mayEnd: boolean): Pick<DeliveryResultItem, 'outcome' | 'text'> {
  if (mayEnd && lot === 7) return { outcome: 'FAILED', text: '550 5.1.1 User unknown' };
  if (mayEnd && lot === 8) return { outcome: 'COMPLAINT', text: 'abuse' };
  if (lot < 50) return { outcome: 'DELIVERED', text: '250 2.0.0 Ok' };
  return { outcome: 'FAILED', text: '452 4.2.2 The mailbox is over quota' };
}

/** A number that looks random and is the same for the same three. */
function mixed(a: number, b: number, c: number): number {
  let hash = (a * 0x9e3779b1) ^ (b * 0x85ebca77) ^ (c * 0xc2b2ae3d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return (hash ^ (hash >>> 15)) >>> 0;
}
