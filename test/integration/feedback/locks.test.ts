import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foldCounters } from '../../../src/operations/fold-counters.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { type Database, type Queryable, sql } from '../../../src/store/database.ts';
import { awaitErasures, holdErasures } from '../../../src/store/erased-keys.ts';
import { lockNamedDeliveries } from '../../../src/store/feedback-reads.ts';
import { lockDelivery } from '../../../src/store/preparation-run.ts';
import { openServerDatabase } from '../../../src/store/server-database.ts';
import { API_DOOR, aDelivery, aResult } from '../../support/feedback-instance.ts';
import { freshAddress } from '../../support/fresh.ts';
import { freshServerUrl, onServer } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';

// The embedded database works off one transaction after the other: nobody waits for a lock.
describe.runIf(onServer())('transactions at the same time', () => {
  let database: Database;
  let instance: Instance;

  beforeAll(async () => {
    database = await openServerDatabase(await freshServerUrl(), 10);
    instance = await testInstance(database);
  });
  afterAll(() => database.close());

  /** Until so many transactions wait for a lock. */
  async function waiting(expected: number): Promise<void> {
    const count = async () => {
      const [row] = await database.query<{ count: number }>(sql`
        SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`);
      return row?.count;
    };
    await expect.poll(count).toBe(expected);
  }

  test.each(['deliveryId', 'deliveryLogId'] as const)(
    'who changes a delivery waits for the results that are being recorded, and those after it (%s) wait for him',
    async (field) => {
      const address = freshAddress();
      const { id, logIds } = await aDelivery(instance, [{ address }]);
      const ended: string[] = [];
      const later: Promise<unknown>[] = [];
      const named = field === 'deliveryId' ? { deliveryId: id } : { deliveryLogId: logIds[0] };
      await database.transaction(async (tx: Queryable) => {
        await lockNamedDeliveries(tx, [id], []);
        later.push(
          database.transaction(async (change) => {
            await lockDelivery(change, id);
            ended.push('changed');
          }),
        );
        await waiting(1);
        later.push(
          recordDeliveryResults(instance, [aResult({ address, ...named })], API_DOOR).then(([outcome]) => {
            ended.push(outcome?.accepted ? 'recorded' : 'refused');
          }),
        );
        await waiting(2);
        expect(ended).toEqual([]);
      });
      await Promise.all(later);
      expect(ended).toEqual(['changed', 'recorded']);
    },
  );

  test('an erasure, and what waits for one, do not hold up the folding of counters', async () => {
    for (const lock of [awaitErasures, holdErasures]) {
      await recordDeliveryResults(instance, [aResult()], API_DOOR);
      await database.transaction(async (tx) => {
        await lock(tx);
        await foldCounters(instance);
        expect(await database.query(sql`SELECT count(*)::int AS left FROM counter_delta`)).toEqual([{ left: 0 }]);
      });
    }
  });
});
