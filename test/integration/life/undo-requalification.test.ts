import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { backgroundWorkEnded } from '../../../src/operations/background-work.ts';
import { createQuarantineEntry } from '../../../src/operations/create-quarantine-entry.ts';
import { requalify } from '../../../src/operations/requalify.ts';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { requalificationName, requalificationWork, resumeRequalifications } from '../../../src/operations/run-requalification.ts';
import { runSlices } from '../../../src/operations/run-slices.ts';
import { undoRequalification } from '../../../src/operations/undo-requalification.ts';
import { verifyQuarantine } from '../../../src/operations/verify-quarantine.ts';
import { sql } from '../../../src/store/database.ts';
import { aDelivery, logOf } from '../../support/feedback-instance.ts';
import { entryOf, ledgerOf, OPERATOR, stateOf } from './life.ts';
import { march, OUTAGE, OUTAGE_RULE, openRequalifyingLife, type RequalifyingLife, UNKNOWN } from './requalifying.ts';

let life: RequalifyingLife;

beforeAll(async () => {
  life = await openRequalifyingLife();
});
beforeEach(() => life.begin());
afterEach(async () => {
  expect(await verifyQuarantine(life.instance, OPERATOR)).toMatchObject({ different: 0 });
});
afterAll(() => life.close());

const states = (...addresses: string[]) => Promise.all(addresses.map((address) => stateOf(life.instance, address)));
const filter = () => ({ occurredAt: { from: march(1, 0) }, domain: [life.domain] });

async function undo(id: bigint) {
  await undoRequalification(life.instance, id, OPERATOR);
  await backgroundWorkEnded(life.instance, requalificationName(id));
  return life.rowOf(id);
}

/** People of whom each failed once, all released by a rule since. */
async function anOutage(count: number): Promise<string[]> {
  const addresses = Array.from({ length: count }, () => life.anAddress());
  for (const address of addresses) await life.fail(address, OUTAGE, 3);
  await life.addRule();
  return addresses;
}

describe('undoing a requalification', () => {
  test('everything is again what it was: entries, logs, counters and what the failures are taken for', async () => {
    const address = life.anAddress();
    const delivery = await aDelivery(life.instance, [{ address }]);
    await life.fail(address, OUTAGE, 3, { deliveryId: delivery.id });
    const [made, gone] = [await life.fail(life.anAddress(), UNKNOWN, 3), await life.fail(life.anAddress(), '550 5.1.1 zqvx ignorable', 3)];
    const [counters, log, ...before] = await snapshot();
    await life.addRule();
    await life.edit(UNKNOWN, { type: 'HARD', reason: 'USER_UNKNOWN', status: 'KEEP' });
    await life.edit('550 5.1.1 zqvx ignorable', { status: 'IGNORE' });
    const { id } = await life.requalify();
    expect(await states(address, made, gone)).toEqual(['ERRONEOUS 1', 'QUARANTINE 1', 'gone']);
    expect(await undo(id)).toMatchObject({ state: 'DONE', undone: true, addressesPutBack: 3, addressesLeftAlone: 0, failuresPutBack: 3 });
    const [countersAfter, logAfter, ...after] = await snapshot();
    expect(countersAfter).toEqual({ soft: 0, ...counters });
    expect(logAfter).toEqual({ ...log, version: 4 });
    expect(after).toEqual(before.map((entry) => entry && { ...entry, version: 3 }));
    expect((await ledgerOf(life.instance, made)).map(({ status, actor }) => [status, actor])).toEqual([
      ['QUARANTINE', `requalification ${id}`],
      [null, `undo of requalification ${id}`],
    ]);
    expect(await life.requalify({ dryRun: true })).toMatchObject({ changedFailures: 3, released: 2, newlyQuarantined: 1 });

    async function snapshot() {
      const entries = await Promise.all([address, made, gone].map((one) => entryOf(life.instance, one)));
      return [await life.countersOf(delivery.id), await logOf(life.instance, delivery.logIds[0]), ...entries] as const;
    }
  });

  test('an entry that a person made before the failures is judged again as at first, undone or not', async () => {
    const address = life.anAddress();
    await createQuarantineEntry(life.instance, { channel: 'EMAIL', address, status: 'VALID' }, OPERATOR);
    await life.fail(address, OUTAGE, 3);
    await life.addRule({ ...OUTAGE_RULE, type: 'IGNORED' });
    const first = await life.requalify();
    expect([first.released, await stateOf(life.instance, address)]).toEqual([1, 'VALID 0']);
    await undo(first.id);
    expect(await stateOf(life.instance, address)).toBe('QUARANTINE 1');
    expect(await life.requalify()).toMatchObject({ released: 1, skippedByHand: 0 });
    await life.instance.database.execute(sql`DELETE FROM qualification_rule WHERE origin = 'USER'`);
    await life.anotherNode();
    expect(await life.requalify()).toMatchObject({ newlyQuarantined: 1, skippedByHand: 0 });
    expect(await stateOf(life.instance, address)).toBe('QUARANTINE 1');
  });

  test('spares what has moved on since and reports it', async () => {
    const [still, moved] = (await anOutage(2)) as [string, string];
    const { id } = await life.requalify();
    await life.fail(moved, '452 4.2.2 The mailbox is over quota', 5);
    expect(await undo(id)).toMatchObject({ addressesPutBack: 1, addressesLeftAlone: 1, failuresPutBack: 2, failuresLeftAlone: 0 });
    expect(await states(still, moved)).toEqual(['QUARANTINE 1', 'ERRONEOUS 2']);
  });

  test('brings back what only the cleanup has released and deleted since', async () => {
    const [address] = (await anOutage(1)) as [string];
    const before = await entryOf(life.instance, address);
    const { id } = await life.requalify();
    for (const at of ['2025-03-20T12:00:00Z', '2025-03-27T12:00:00Z']) {
      life.setNow(at);
      await runCleanup(life.instance, SCHEDULED_CLEANUP);
    }
    expect(await states(address)).toEqual(['gone']);
    expect(await undo(id)).toMatchObject({ addressesPutBack: 1, addressesLeftAlone: 0 });
    expect(await entryOf(life.instance, address)).toEqual({ ...before, version: 5 });
  });

  test('leaves a failure alone that another one has corrected since', async () => {
    const [address] = (await anOutage(1)) as [string];
    const { id } = await life.requalify();
    await life.edit(OUTAGE, { status: 'IGNORE' });
    await life.requalify();
    expect(await states(address)).toEqual(['gone']);
    expect(await undo(id)).toMatchObject({ addressesLeftAlone: 1, failuresPutBack: 0, failuresLeftAlone: 1 });
    expect(await states(address)).toEqual(['gone']);
  });

  test('is refused for a dry run, a second time, for one that is too old and for what is none', async () => {
    await anOutage(1);
    const dry = await life.requalify({ dryRun: true });
    const old = await life.requalify();
    await expect(undo(dry.id)).rejects.toThrow('was a dry run');
    await undo(old.id);
    await expect(undo(old.id)).rejects.toThrow('has been undone already');
    const late = await life.requalify();
    life.setNow('2030-01-01T00:00:00Z');
    await expect(undo(late.id)).rejects.toThrow('no longer kept');
    await expect(undo(999_999n)).rejects.toThrow('There is no requalification');
  });
});

describe('a large requalification', () => {
  /** Ends after one slice, as a killed process does; its lease runs on. */
  async function killedAfter(slices: number, start: (on: typeof life.instance, options: object) => Promise<bigint>): Promise<bigint> {
    const dying = await life.anotherNode();
    const killed = new AbortController();
    let done = 0;
    const onSlice = () => {
      done += 1;
      if (done === slices) killed.abort();
    };
    const id = await start(dying, { sliceSize: 4, signal: killed.signal, onSlice });
    await backgroundWorkEnded(dying, requalificationName(id));
    return id;
  }

  async function resumed(id: bigint) {
    await life.instance.database.execute(sql`UPDATE lease SET expires_at = clock_timestamp() WHERE name = ${requalificationName(id)}`);
    await life.anotherNode();
    expect(await resumeRequalifications(life.instance)).toBe(1);
    await backgroundWorkEnded(life.instance, requalificationName(id));
    return life.rowOf(id);
  }

  test.each([
    ['while failures are examined', 2, 'EXAMINE'],
    ['while addresses are recomputed', 4, 'APPLY'],
  ] as const)('goes on after its process was killed %s, on another node, without doing a slice twice', async (_name, slices, phase) => {
    const addresses = await anOutage(10);
    const begin = (on: typeof life.instance, options: object) => requalify(on, { filter: filter(), dryRun: false }, OPERATOR, options);
    const id = await killedAfter(slices, begin);
    expect(await life.rowOf(id)).toMatchObject({ state: 'RUNNING', phase });
    await expect(undo(id)).rejects.toThrow('still running');
    expect(await resumed(id)).toMatchObject({ state: 'DONE', examined: 10, changedFailures: 10, addresses: 10, released: 10 });
    expect(new Set(await states(...addresses))).toEqual(new Set(['ERRONEOUS 1']));
    expect(await ledgerOf(life.instance, addresses[0] ?? '')).toHaveLength(2);
    expect(await life.requalify()).toMatchObject({ changedFailures: 0 });
  });

  test('takes addresses with many failures in slices that are no longer than others, each address whole', async () => {
    const addresses = Array.from({ length: 6 }, () => life.anAddress());
    for (const address of addresses) for (const day of [3, 4, 5]) await life.fail(address, OUTAGE, day);
    await life.addRule();
    const begin = (on: typeof life.instance, options: object) => requalify(on, { filter: filter(), dryRun: false }, OPERATOR, options);
    // Five slices examine 18 failures; then one of 4 failures takes two addresses.
    const id = await killedAfter(6, begin);
    expect(await life.rowOf(id)).toMatchObject({ phase: 'APPLY', changedFailures: 18, addresses: 2 });
    expect(await resumed(id)).toMatchObject({ state: 'DONE', addresses: 6, otherwiseChanged: 0, released: 6 });
    expect(new Set(await states(...addresses))).toEqual(new Set(['ERRONEOUS 3']));
    await killedAfter(1, (on, options) => undoRequalification(on, id, OPERATOR, options));
    expect(await life.rowOf(id)).toMatchObject({ addressesPutBack: 2, failuresPutBack: 6 });
    expect(await resumed(id)).toMatchObject({ addressesPutBack: 6, failuresPutBack: 18 });
    expect(new Set(await states(...addresses))).toEqual(new Set(['QUARANTINE 1']));
  });

  test('a dry run that was killed goes on as a dry run and leaves nothing behind', async () => {
    const addresses = await anOutage(6);
    const id = await killedAfter(3, (on, options) => requalify(on, { filter: filter(), dryRun: true }, OPERATOR, options));
    expect(await resumed(id)).toMatchObject({ state: 'DONE', dryRun: true, addresses: 6, released: 6 });
    expect(new Set(await states(...addresses))).toEqual(new Set(['QUARANTINE 1']));
    const left = await life.instance.database.query(sql`SELECT FROM requalified_failure WHERE requalification_id = ${id}`);
    expect(left).toEqual([]);
  });

  test('an undo that was killed goes on as an undo', async () => {
    const addresses = await anOutage(10);
    const { id } = await life.requalify();
    await killedAfter(1, (on, options) => undoRequalification(on, id, OPERATOR, options));
    expect(await life.rowOf(id)).toMatchObject({ state: 'RUNNING', phase: 'UNDO', undone: true, addressesPutBack: 4 });
    await expect(undo(id)).rejects.toThrow('is being undone');
    expect(await resumed(id)).toMatchObject({ state: 'DONE', addressesPutBack: 10, failuresPutBack: 10 });
    expect(new Set(await states(...addresses))).toEqual(new Set(['QUARANTINE 1']));
  });

  test('that meets a fault is FAILED; what it did can be undone', async () => {
    const addresses = await anOutage(10);
    const aborted = AbortSignal.abort();
    const id = await requalify(life.instance, { filter: filter(), dryRun: false }, OPERATOR, { sliceSize: 4, signal: aborted });
    const work = requalificationWork(life.instance, id);
    let slices = 0;
    const slice = (size: number) => {
      slices += 1;
      return slices > 4 ? Promise.reject(new Error('the disk is full')) : work.slice(size);
    };
    await expect(runSlices(life.instance, { ...work, slice }, { sliceSize: 4 })).rejects.toThrow('the disk is full');
    expect(await life.rowOf(id)).toMatchObject({ state: 'FAILED', phase: 'APPLY', addresses: 4 });
    expect(await undo(id)).toMatchObject({ state: 'DONE', undone: true, addressesPutBack: 4, failuresPutBack: 4 });
    expect(new Set(await states(...addresses))).toEqual(new Set(['QUARANTINE 1']));
  });
});
