import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backgroundWorkEnded } from '../../../src/operations/background-work.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { requalificationName } from '../../../src/operations/run-requalification.ts';
import { undoRequalification } from '../../../src/operations/undo-requalification.ts';
import { verifyQuarantine } from '../../../src/operations/verify-quarantine.ts';
import { API_DOOR, aDelivery, countersOf, logOf, type TestDelivery } from '../../support/feedback-instance.ts';
import { entryOf, OPERATOR } from './life.ts';
import { march, OUTAGE, openRequalifyingLife, type RequalifyingLife, UNKNOWN } from './requalifying.ts';

let life: RequalifyingLife;

beforeAll(async () => {
  life = await openRequalifyingLife();
});
afterAll(() => life.close());

const IGNORABLE = '550 5.1.1 zqvx ignorable';
const FULL = '452 4.2.2 zqvx The mailbox is over quota';
const GONE = '550 5.1.1 zqvx no such user';

/** `text` null = it arrived. Recent, so that no cleanup is due before the failures are judged anew. */
const happening = fc.record({
  text: fc.constantFrom(OUTAGE, UNKNOWN, IGNORABLE, FULL, GONE, null),
  day: fc.integer({ min: 19, max: 25 }),
  hour: fc.integer({ min: 0, max: 23 }),
  named: fc.boolean(),
  origin: fc.constantFrom('SYNC', 'ASYNC'),
});
/** What happens to one address, batch by batch. */
const past = fc.array(fc.array(happening, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 7 });
type Past = typeof past extends fc.Arbitrary<infer T> ? T : never;

interface People {
  readonly addresses: readonly string[];
  readonly delivery: TestDelivery;
}

async function live(pasts: readonly Past[], domain: string): Promise<People> {
  const addresses = pasts.map((_, index) => `p${index}@${domain}`);
  const delivery = await aDelivery(
    life.instance,
    addresses.map((address) => ({ address })),
  );
  for (let batch = 0; batch < Math.max(...pasts.map(({ length }) => length)); batch += 1) {
    const items = pasts.flatMap((one, index) =>
      (one[batch] ?? []).map(({ text, day, hour, named, origin }, place) => ({
        channel: 'EMAIL' as const,
        address: addresses[index] ?? '',
        outcome: text === null ? ('DELIVERED' as const) : ('FAILED' as const),
        text,
        occurredAt: march(day, hour),
        origin: origin as 'SYNC' | 'ASYNC',
        eventId: `${domain} ${batch} ${index} ${place}`,
        ...(named ? { deliveryId: delivery.id } : {}),
      })),
    );
    const outcomes = await recordDeliveryResults(life.instance, items, API_DOOR);
    expect(outcomes.every(({ accepted }) => accepted)).toBe(true);
  }
  return { addresses, delivery };
}

/** What can be seen of them. An entry that is VALID says no more than none. */
async function seen({ addresses, delivery }: People) {
  const entries = await Promise.all(addresses.map((address) => entryOf(life.instance, address)));
  const logs = await Promise.all(delivery.logIds.map((id) => logOf(life.instance, id)));
  return {
    entries: entries.map((entry) => {
      if (entry === null || entry.status === 'VALID') return null;
      const { status, reason, errorText, errorCount, lastErrorAt, softCaused, source } = entry;
      return { status, reason, errorText, errorCount, lastErrorAt, softCaused, source };
    }),
    logs: logs.map((log) => ({ ...log, version: null })),
    counters: await countersOf(life.instance, delivery.id),
  };
}

async function changeTheRules(): Promise<void> {
  await life.addRule();
  const known = await life.instance.database.prisma.qualification.findMany({ select: { firstText: true } });
  const edits = [
    [UNKNOWN, { type: 'HARD', reason: 'USER_UNKNOWN', status: 'KEEP' }],
    [IGNORABLE, { status: 'IGNORE' }],
  ] as const;
  for (const [text, edit] of edits) if (known.some(({ firstText }) => firstText === text)) await life.edit(text, edit);
}

test('a requalification makes of any past what it would be had the rules been there; a dry run says so, the undo leaves no trace', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(past, { minLength: 1, maxLength: 4 }), async (pasts) => {
      await life.begin();
      life.setNow('2025-03-26T12:00:00Z');
      const judged = await live(pasts, life.domain);
      const before = await seen(judged);
      await changeTheRules();
      const foreseen = await life.requalify({ dryRun: true });
      const done = await life.requalify();
      expect(effectsOf(done)).toEqual(effectsOf(foreseen));
      const wanted = await seen(await live(pasts, `since.${life.domain}`));
      expect(await seen(judged)).toEqual(wanted);
      expect(await life.requalify()).toMatchObject({ changedFailures: 0, addresses: 0 });
      await undoRequalification(life.instance, done.id, OPERATOR);
      await backgroundWorkEnded(life.instance, requalificationName(done.id));
      expect(await seen(judged)).toEqual(before);
      expect(effectsOf(await life.requalify())).toEqual(effectsOf(foreseen));
      expect(await seen(judged)).toEqual(wanted);
      expect(await verifyQuarantine(life.instance, OPERATOR)).toMatchObject({ different: 0 });
    }),
    { numRuns: 15 },
  );
});

function effectsOf({
  changedFailures,
  changes,
  addresses,
  released,
  newlyQuarantined,
  otherwiseChanged,
}: Awaited<ReturnType<RequalifyingLife['rowOf']>>) {
  return { changedFailures, changes, addresses, released, newlyQuarantined, otherwiseChanged };
}
