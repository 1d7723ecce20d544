import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backgroundWorkEnded } from '../../../src/operations/background-work.ts';
import { confirmErasure } from '../../../src/operations/confirm-erasure.ts';
import { createDelivery } from '../../../src/operations/create-delivery.ts';
import { createPrivacyRequest } from '../../../src/operations/create-privacy-request.ts';
import { createProfile } from '../../../src/operations/create-profile.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { guardErased } from '../../../src/operations/keep-erased-out.ts';
import { prepareDelivery } from '../../../src/operations/prepare-delivery.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { preparationName } from '../../../src/operations/run-preparation.ts';
import { privacyName, resumePrivacyRequests, runPrivacyRequest } from '../../../src/operations/run-privacy-request.ts';
import { verifyQuarantine } from '../../../src/operations/verify-quarantine.ts';
import { type Database, sql } from '../../../src/store/database.ts';
import { replaceAddresses } from '../../../src/store/profile-writes.ts';
import { API_DOOR } from '../../support/feedback-instance.ts';
import { findTexts } from '../../support/scan-database.ts';
import { freshDatabase, onServer } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';
import { anAddress, erase, OPERATOR, requestOf, somebody } from './somebody.ts';

let database: Database;
let instance: Instance;
let now = new Date('2026-05-12T10:00:00Z');
beforeAll(async () => {
  database = await freshDatabase();
  instance = await testInstance(database, { now: () => now });
});
afterAll(() => database.close());

let nodes = 0;
/** A process of its own, as far as leases and background work can tell. */
const node = () => {
  nodes += 1;
  return testInstance(database, { node: `privacy node ${nodes}`, now: () => now });
};

/** Works at the request, one slice in each process, and kills every one of them, until it has ended. @returns how many it took */
async function killedAfterEachSlice(id: bigint): Promise<number> {
  for (let killed = 0; killed < 500; killed += 1) {
    const victim = await node();
    const kill = new AbortController();
    await runPrivacyRequest(victim, id, { signal: kill.signal, sliceSize: 2, onSlice: () => kill.abort() });
    // What a process that was killed leaves behind: its lease, until it ends.
    await database.execute(sql`
      INSERT INTO lease (name, holder, expires_at) VALUES (${privacyName(id)}, ${victim.node}, clock_timestamp() - interval '1 second')
      ON CONFLICT (name) DO NOTHING`);
    if ((await requestOf(database, id)).status === 'COMPLETE') return killed;
  }
  throw new Error('the request did not come to its end');
}

test('an erasure whose process is killed after every slice ends like any other', async () => {
  const person = await somebody(instance, anAddress('witness'));
  const id = await createPrivacyRequest(
    instance,
    { regulation: 'GDPR', type: 'DELETE', subject: { profileId: person.profileId } },
    OPERATOR,
  );
  await confirmErasure(instance, id, OPERATOR, { signal: AbortSignal.abort() });
  await backgroundWorkEnded(instance, privacyName(id));
  expect((await requestOf(database, id)).status).toBe('DELETE_PENDING');
  expect(await killedAfterEachSlice(id)).toBeGreaterThan(30);
  expect(await findTexts(database, person.texts)).toEqual([]);
  expect((await verifyQuarantine(instance, OPERATOR)).different).toBe(0);
});

test('the next start takes up what is left, once', async () => {
  const address = anAddress('left');
  const victim = await node();
  const id = await createPrivacyRequest(
    victim,
    { regulation: 'GDPR', type: 'DELETE', subject: { namespace: 'EMAIL', value: address }, singleStep: true },
    OPERATOR,
    { signal: AbortSignal.abort() },
  );
  await backgroundWorkEnded(victim, privacyName(id));
  const next = await node();
  expect(await resumePrivacyRequests(next)).toBe(1);
  await backgroundWorkEnded(next, privacyName(id));
  expect((await requestOf(database, id)).status).toBe('COMPLETE');
  expect(await resumePrivacyRequests(next)).toBe(0);
});

test('a fault leaves the request to be tried again, and does not tell whose it is', async () => {
  const address = anAddress('fault');
  const broken = await node();
  const faulty: Instance = {
    ...broken,
    database: {
      ...database,
      transaction: (work) =>
        database.transaction(async (tx) => {
          const result = await work(tx);
          const [row] = await tx.query<{ step: number }>(sql`SELECT step FROM privacy_request ORDER BY id DESC LIMIT 1`);
          if ((row?.step ?? 0) >= 3) throw new Error(`disk full while writing ${address}`);
          return result;
        }),
    },
  };
  const id = await erase(faulty, { namespace: 'EMAIL', value: address });
  expect(await requestOf(database, id)).toMatchObject({ status: 'RETRY_PENDING', error: expect.stringContaining('tried again') });
  expect((await requestOf(database, id)).error).not.toContain(address);
  await database.execute(sql`UPDATE lease SET expires_at = clock_timestamp() WHERE name = ${privacyName(id)}`);
  const next = await node();
  await resumePrivacyRequests(next);
  await backgroundWorkEnded(next, privacyName(id));
  expect(await requestOf(database, id)).toMatchObject({ status: 'COMPLETE', error: null });
  expect(await findTexts(database, [address])).toEqual([]);
});

describe('at the same time', () => {
  test.runIf(onServer())('results, imports and preparations of the same address leave nothing of it in clear', async () => {
    for (let round = 0; round < 3; round += 1) {
      const address = anAddress(`race${round}`);
      const holders = await Promise.all(
        [0, 1].map(() => createProfile(instance, { addresses: [{ channel: 'EMAIL', value: address }] }, OPERATOR)),
      );
      const deliveries = await Promise.all(
        [0, 1, 2].map((place) =>
          createDelivery(instance, { label: `Race ${place}`, channel: 'EMAIL', profileIds: holders, limitTo: place }, OPERATOR),
        ),
      );
      const others = await Promise.all([node(), node(), node()]);
      let isErased = false;
      /** Until the erasure has ended, and once after it. */
      const meanwhile = async (turn: (place: number) => Promise<unknown>) => {
        for (let place = 0, last = false; !last; place += 1) {
          last = isErased;
          await turn(place);
        }
      };
      const results = (worker: Instance, hour: number) =>
        meanwhile((turn) =>
          recordDeliveryResults(
            worker,
            [
              {
                channel: 'EMAIL',
                address,
                outcome: 'FAILED',
                text: `452 4.2.2 <${address}> is full ${turn}`,
                occurredAt: new Date(Date.UTC(2026, 3, 1 + (turn % 30), hour, turn % 60)),
              },
            ],
            API_DOOR,
          ),
        );
      const imports = (worker: Instance) =>
        meanwhile(() => createProfile(worker, { addresses: [{ channel: 'EMAIL', value: address }] }, OPERATOR).catch(() => undefined));
      const preparations = (worker: Instance) =>
        meanwhile(async (turn) => {
          const id = deliveries[turn % deliveries.length] ?? 0n;
          await prepareDelivery(worker, id, OPERATOR, { sliceSize: 1 });
          await backgroundWorkEnded(worker, preparationName(id));
        });
      const [first, second, third] = others;
      if (!first || !second || !third) throw new Error('three nodes were asked for');
      const [, , , , id] = await Promise.all([
        results(first, 1),
        results(second, 2),
        imports(third),
        preparations(third),
        erase(instance, { namespace: 'EMAIL', value: address }, { sliceSize: 100 }).finally(() => {
          isErased = true;
        }),
      ]);
      expect((await requestOf(database, id)).status).toBe('COMPLETE');
      expect([round, await findTexts(database, [address])]).toEqual([round, []]);
    }
    expect((await verifyQuarantine(instance, OPERATOR)).different).toBe(0);
    const [order] = await database.query(sql`
      SELECT count(*) FILTER (WHERE version <> before + 1)::int AS jumps
      FROM (SELECT version, lag(version) OVER (PARTITION BY address_key, short_code ORDER BY txid, id) AS before FROM quarantine_event) AS line`);
    expect(order).toEqual({ jumps: 0 });
  });

  test.runIf(onServer())('an erasure waits for whoever has been let through to a profile and has not written yet', async () => {
    const address = anAddress('between');
    const profileId = await createProfile(instance, { addresses: [] }, OPERATOR);
    const book = await instance.addressBook();
    const addressKey = book.key('EMAIL', address);
    let letIn: () => void = () => undefined;
    const isIn = new Promise<void>((resolve) => {
      letIn = resolve;
    });
    let goOn: () => void = () => undefined;
    const mayGoOn = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const writing = database.transaction(async (tx) => {
      await guardErased(tx, book, [{ addresses: [{ addressKey }] }]);
      letIn();
      await mayGoOn;
      const held = { channel: 'EMAIL' as const, value: address, original: address, addressKey, domain: null };
      await replaceAddresses(tx, [{ profileId, channels: ['EMAIL'], addresses: [held] }], now);
    });
    await isIn;
    const erasing = erase(instance, { namespace: 'EMAIL', value: address });
    const waits = () =>
      database.query<{ n: number }>(sql`SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND classid = 3 AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`);
    await expect.poll(async () => (await waits())[0]?.n).toBeGreaterThan(0);
    goOn();
    await Promise.all([writing, erasing]);
    expect(await findTexts(database, [address])).toEqual([]);
  });

  test('two nodes at one erasure do it once', async () => {
    const person = await somebody(instance, anAddress('witness'));
    const id = await createPrivacyRequest(
      instance,
      { regulation: 'CCPA', type: 'DELETE', subject: { profileId: person.profileId }, singleStep: true },
      OPERATOR,
      { signal: AbortSignal.abort() },
    );
    const [first, second] = [await node(), await node()];
    await Promise.all([runPrivacyRequest(first, id, { sliceSize: 2 }), runPrivacyRequest(second, id, { sliceSize: 2 })]);
    await backgroundWorkEnded(instance, privacyName(id));
    const { status, report } = await requestOf(database, id);
    expect([status, report.counts?.profile, report.counts?.consent_event]).toEqual(['COMPLETE', 1, 1]);
    expect(await findTexts(database, person.texts)).toEqual([]);
  });
});

test('an erasure that nobody confirms lapses, and the cleanup says so', async () => {
  const address = anAddress('waiting');
  await createProfile(instance, { addresses: [{ channel: 'EMAIL', value: address }] }, OPERATOR);
  const id = await createPrivacyRequest(
    instance,
    { regulation: 'LGPD', type: 'DELETE', subject: { namespace: 'EMAIL', value: address } },
    OPERATOR,
  );
  now = new Date('2026-05-27T10:00:00Z');
  await runCleanup(instance, SCHEDULED_CLEANUP);
  expect((await requestOf(database, id)).status).toBe('DELETE_CONFIRMATION_PENDING');
  now = new Date('2026-05-27T10:00:01Z');
  await expect(confirmErasure(instance, id, OPERATOR)).rejects.toThrow('has passed');
  await runCleanup(instance, SCHEDULED_CLEANUP);
  expect(await requestOf(database, id)).toMatchObject({ status: 'ERROR', error: expect.stringContaining('nothing was erased') });
  expect(await findTexts(database, [address])).toEqual(expect.arrayContaining([`address.value: ${address}`]));
});
