import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { InvalidStateError, NotFoundError } from '../../../src/domain/errors.ts';
import { indexIncidents } from '../../../src/domain/incident/hold-quarantine.ts';
import { backgroundWorkEnded } from '../../../src/operations/background-work.ts';
import { carryOutName, closeIncident, resumeCarryOuts } from '../../../src/operations/close-incident.ts';
import { foldCounters } from '../../../src/operations/fold-counters.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { releaseIncident } from '../../../src/operations/release-incident.ts';
import { undoRelease } from '../../../src/operations/undo-release.ts';
import { updateQuarantineEntry } from '../../../src/operations/update-quarantine-entry.ts';
import { verifyQuarantine } from '../../../src/operations/verify-quarantine.ts';
import { sql } from '../../../src/store/database.ts';
import { API_DOOR, aDelivery, TEXT } from '../../support/feedback-instance.ts';
import { freshDomain } from '../../support/fresh.ts';
import { entryOf, isTargetable, type Life, OPERATOR, openLife, releaseOf, setSetting, stateOf } from '../life/life.ts';
import { anOutage, detect, give, incidentOf, putPast, storyOf } from './outage.ts';

const NOON = '2025-06-10T12:00:00Z';
let life: Life;
let instance: Instance;
let domain: string;
let nodes = 0;

beforeAll(async () => {
  life = await openLife(NOON);
});
beforeEach(async () => {
  life.setNow(NOON);
  // A node that has just started knows what is open now.
  nodes += 1;
  instance = await life.otherNode(`node ${nodes}`);
  await instance.database.execute(sql`DELETE FROM lease`);
  domain = freshDomain();
});
afterAll(async () => {
  const { different } = await verifyQuarantine(life.instance, OPERATOR);
  expect(different).toBe(0);
  await life.close();
});

/** A node that starts now. */
async function newNode(): Promise<Instance> {
  nodes += 1;
  return life.otherNode(`node ${nodes}`);
}

/** One soft error is enough to quarantine. */
function strict(node: Instance): Instance {
  return { ...node, settings: async () => ({ ...(await node.settings()), maxErrorsBeforeQuarantineEmail: 1 }) };
}

interface Line {
  readonly status: string;
  readonly incidentId: bigint | null;
  readonly heldType: string | null;
  readonly decidedBy: string | null;
  readonly text: string | null;
}

async function lastLine(address: string): Promise<Line | undefined> {
  const [line] = await instance.database.query<Line>(sql`
    SELECT status, incident_id AS "incidentId", held_type AS "heldType", decided_by AS "decidedBy", text
    FROM quarantine_event WHERE address = ${address} ORDER BY id DESC LIMIT 1`);
  return line;
}

describe('an incident opens', () => {
  test('where the share jumps, with its figures and what it hit before', async () => {
    const id = await anOutage(instance, domain);
    expect(await incidentOf(instance, id)).toMatchObject({ state: 'OPEN', quarantined: 100, held: 0 });
    const { baselineShare, openingShare } = await incidentOf(instance, id);
    expect([baselineShare, openingShare]).toEqual([10 / 1_010, 100 / 120]);
    expect(await storyOf(instance, id)).toEqual(['OPENED']);
  });

  test('once: while it is open no other opens for the same kind at the same place', async () => {
    await anOutage(instance, domain);
    await give(instance, { domain, count: 100, name: 'more' });
    expect(await detect(instance)).toEqual([]);
  });

  test('not at a domain without a past, and not where the share was always high', async () => {
    const usual = freshDomain();
    await putPast(instance, usual, { DELIVERED: 500, USER_UNKNOWN: 500 });
    await give(instance, { domain, count: 150 });
    await give(instance, { domain: usual, count: 150 });
    expect(await detect(instance)).toEqual([]);
  });

  test('not by what is told late: a mailbox of old bounces is no jump of today', async () => {
    await putPast(instance, domain, { DELIVERED: 1_000 });
    await give(instance, { domain, count: 200, minutesAgo: 26 * 60 });
    expect(await detect(instance)).toEqual([]);
  });

  test('not by complaints', async () => {
    await putPast(instance, domain, { DELIVERED: 1_000 });
    await give(instance, { domain, count: 50, name: 'fine', outcome: 'DELIVERED' });
    await give(instance, { domain, count: 200, outcome: 'COMPLAINT' });
    expect(await detect(instance)).toEqual([]);
  });

  test('not where they are switched off', async () => {
    await putPast(instance, domain, { DELIVERED: 1_000 });
    await give(instance, { domain, count: 150 });
    const off = await setSetting(instance, 'incidentsEnabled', false);
    expect(await detect(off)).toEqual([]);
    await setSetting(instance, 'incidentsEnabled', true);
    expect(await detect(instance)).toHaveLength(1);
  });
});

describe('while it is open', () => {
  test('what would be quarantined is ERRONEOUS, and the ledger says why', async () => {
    const id = await anOutage(instance, domain);
    const [address = ''] = await give(await newNode(), { domain, count: 1, name: 'new' });
    expect(await stateOf(instance, address)).toBe('ERRONEOUS 1');
    expect(await isTargetable(instance, address)).toBe(true);
    expect(await lastLine(address)).toEqual({
      status: 'ERRONEOUS',
      incidentId: id,
      heldType: 'HARD',
      decidedBy: expect.stringMatching(/./),
      text: TEXT.unknownUser,
    });
    await detect(instance);
    expect(await incidentOf(instance, id)).toMatchObject({ held: 1, quarantined: 100 });
  });

  test('other kinds, other places, failures of before and wishes take effect as ever', async () => {
    await anOutage(instance, domain);
    const node = strict(await newNode());
    const disabled = await give(node, { domain, count: 1, name: 'disabled', text: '550 5.2.1 The account is disabled' });
    const elsewhere = await give(node, { domain: freshDomain(), count: 1 });
    const before = await give(node, { domain, count: 1, name: 'before', minutesAgo: 120 });
    const complained = await give(node, { domain, count: 1, name: 'complained', outcome: 'COMPLAINT' });
    const states = await Promise.all([...disabled, ...elsewhere, ...before, ...complained].map((address) => stateOf(instance, address)));
    expect(states).toEqual(['QUARANTINE 1', 'QUARANTINE 1', 'QUARANTINE 1', 'DENYLISTED 0']);
  });

  test('a success clears a held address', async () => {
    await anOutage(instance, domain);
    const node = await newNode();
    const [address = ''] = await give(node, { domain, count: 1, name: 'new', minutesAgo: 5 });
    await give(node, { domain, count: 1, name: 'new', outcome: 'DELIVERED' });
    expect(await stateOf(instance, address)).toBe('VALID 0');
  });

  test('its figures are told when they change, four times a minute at most', async () => {
    const id = await anOutage(instance, domain);
    await give(await newNode(), { domain, count: 30, name: 'back', outcome: 'DELIVERED' });
    await detect(instance);
    expect(await storyOf(instance, id)).toEqual(['OPENED']);
    life.setNow('2025-06-10T12:00:20Z');
    await detect(instance);
    await detect(instance);
    expect(await storyOf(instance, id)).toEqual(['OPENED', 'CHANGED']);
    expect((await incidentOf(instance, id)).currentShare).toBe(100 / 150);
  });

  test('a batch that did not know of it yet: what it quarantined belongs to the incident too', async () => {
    const id = await anOutage(instance, domain);
    const unaware: Instance = { ...instance, openIncidents: () => Promise.resolve(new Map()) };
    const [address = ''] = await give(unaware, { domain, count: 1, name: 'unaware' });
    expect(await stateOf(instance, address)).toBe('QUARANTINE 1');
    life.setNow('2025-06-10T12:00:20Z');
    await detect(instance);
    expect(await incidentOf(instance, id)).toMatchObject({ quarantined: 101 });
    const release = await releaseIncident(instance, { id, mode: 'SET_VALID', dryRun: true }, OPERATOR);
    expect(await releaseOf(instance, release)).toMatchObject({ matched: 101 });
  });
});

describe('releasing what it hit', () => {
  test('a dry run counts, the release opens all, the undo puts each back', async () => {
    const id = await anOutage(instance, domain);
    const node = await newNode();
    const [held = ''] = await give(node, { domain, count: 1, name: 'held' });
    const [other = ''] = await give(strict(node), { domain, count: 1, name: 'other', text: '550 5.2.1 The account is disabled' });
    const before = { hit: await entryOf(instance, `hit0@${domain}`), held: await entryOf(instance, held) };
    const dry = await releaseIncident(instance, { id, mode: 'SET_VALID', dryRun: true }, OPERATOR);
    expect(await releaseOf(instance, dry)).toMatchObject({ state: 'DONE', dryRun: true, matched: 101, changed: 0 });
    const release = await releaseIncident(instance, { id, mode: 'SET_VALID', dryRun: false }, OPERATOR, { sliceSize: 40 });
    await backgroundWorkEnded(instance, `release:${release}`);
    expect(await releaseOf(instance, release)).toMatchObject({ state: 'DONE', matched: 101, changed: 101, skipped: 0 });
    expect([await stateOf(instance, `hit0@${domain}`), await stateOf(instance, held)]).toEqual(['VALID 0', 'VALID 0']);
    expect(await stateOf(instance, other)).toBe('QUARANTINE 1');
    await undoRelease(instance, release, OPERATOR);
    expect(await entryOf(instance, `hit0@${domain}`)).toEqual({ ...before.hit, version: 3 });
    expect(await entryOf(instance, held)).toEqual({ ...before.held, version: 3 });
    expect(await storyOf(instance, id)).toEqual(['OPENED', 'RELEASED']);
  });

  test('also when it is closed, and by deletion', async () => {
    const id = await anOutage(instance, domain);
    await give(await newNode(), { domain, count: 2, name: 'held' });
    await closeIncident(instance, { id, quarantineHeld: true }, OPERATOR);
    const release = await releaseIncident(instance, { id, mode: 'DELETE', dryRun: false }, OPERATOR);
    expect(await releaseOf(instance, release)).toMatchObject({ matched: 102, changed: 102 });
    expect(await stateOf(instance, `held1@${domain}`)).toBe('gone');
  });

  test('leaves alone what has moved on, and what its recipient has shut', async () => {
    const id = await anOutage(instance, domain);
    const node = await newNode();
    await give(node, { domain, count: 1, name: 'hit', outcome: 'COMPLAINT' });
    const edited = await entryOf(instance, `hit1@${domain}`);
    life.setNow('2025-06-10T12:00:01Z');
    await updateQuarantineEntry(instance, { id: edited?.id ?? 0n, status: 'ALLOWLISTED' }, OPERATOR);
    await updateQuarantineEntry(instance, { id: edited?.id ?? 0n, status: 'QUARANTINE' }, OPERATOR);
    const [elder = ''] = await give(node, { domain, count: 1, name: 'elder', minutesAgo: 90 });
    const release = await releaseIncident(instance, { id, mode: 'SET_VALID', dryRun: false }, OPERATOR);
    expect(await releaseOf(instance, release)).toMatchObject({ matched: 98, changed: 98 });
    const states = await Promise.all([`hit0@${domain}`, `hit1@${domain}`, elder].map((address) => stateOf(instance, address)));
    expect(states).toEqual(['DENYLISTED 1', 'QUARANTINE 1', 'QUARANTINE 1']);
  });

  test('what was released and taken back is hit as before: it can be released again', async () => {
    const id = await anOutage(instance, domain);
    await give(await newNode(), { domain, count: 2, name: 'held' });
    life.setNow('2025-06-10T12:01:00Z');
    const first = await releaseIncident(instance, { id, mode: 'SET_VALID', dryRun: false }, OPERATOR);
    await undoRelease(instance, first, OPERATOR);
    life.setNow('2025-06-10T12:02:00Z');
    const again = await releaseIncident(instance, { id, mode: 'DELETE', dryRun: false }, OPERATOR);
    expect(await releaseOf(instance, again)).toMatchObject({ matched: 102, changed: 102 });
    await undoRelease(instance, again, OPERATOR);
    life.setNow('2025-06-10T12:03:00Z');
    await closeIncident(instance, { id, quarantineHeld: true }, OPERATOR);
    expect(await incidentOf(instance, id)).toMatchObject({ carryState: 'DONE', carriedOut: 2 });
    expect(await stateOf(instance, `held1@${domain}`)).toBe('QUARANTINE 1');
  });

  test('an incident that a release is of is not deleted: the release would be one of everything', async () => {
    const id = await anOutage(instance, domain);
    const release = await releaseIncident(instance, { id, mode: 'SET_VALID', dryRun: true }, OPERATOR);
    await instance.database.execute(sql`DELETE FROM incident_event WHERE incident_id = ${id}`);
    await expect(instance.database.execute(sql`DELETE FROM incident WHERE id = ${id}`)).rejects.toThrow(
      'quarantine_release_incident_id_fkey',
    );
    expect(await releaseOf(instance, release)).toMatchObject({ matched: 100, dryRun: true });
  });

  test('of an incident that is none is refused', async () => {
    await expect(releaseIncident(instance, { id: 999_999n, mode: 'SET_VALID', dryRun: true }, OPERATOR)).rejects.toThrow(NotFoundError);
  });
});

describe('closing it', () => {
  test('ends the holding and leaves what was held as it is; the next failure quarantines', async () => {
    const id = await anOutage(instance, domain);
    const [address = ''] = await give(await newNode(), { domain, count: 1, name: 'held', minutesAgo: 5 });
    await closeIncident(instance, { id, quarantineHeld: false }, OPERATOR);
    expect(await incidentOf(instance, id)).toMatchObject({ state: 'CLOSED', closedBy: 'operator', carryState: null });
    expect(await stateOf(instance, address)).toBe('ERRONEOUS 1');
    // By a node that has not heard of the end yet: it asks inside the batch.
    const late = await newNode();
    const stale: Instance = {
      ...late,
      openIncidents: async () =>
        indexIncidents([{ id, channel: 'EMAIL', domain, reason: 'USER_UNKNOWN', hitsFrom: new Date(0), closedAt: null }]),
    };
    await give(stale, { domain, count: 1, name: 'held', minutesAgo: 0 });
    expect(await stateOf(instance, address)).toBe('QUARANTINE 2');
    expect(await storyOf(instance, id)).toEqual(['OPENED', 'CLOSED']);
  });

  test('what failed while it lasted and is told after its end is held back, for as long as reports may be late', async () => {
    const id = await anOutage(instance, domain);
    await closeIncident(instance, { id, quarantineHeld: false }, OPERATOR);
    life.setNow('2025-06-12T12:00:00Z');
    const [late = ''] = await give(await newNode(), { domain, count: 1, name: 'late', minutesAgo: 2 * 1_440 + 5 });
    expect(await stateOf(instance, late)).toBe('ERRONEOUS 1');
    expect(await lastLine(late)).toMatchObject({ incidentId: id, heldType: 'HARD' });
    life.setNow('2025-06-17T12:00:01Z');
    const [later = ''] = await give(await newNode(), { domain, count: 1, name: 'later', minutesAgo: 7 * 1_440 + 5 });
    expect(await stateOf(instance, later)).toBe('QUARANTINE 1');
    await closeIncident(instance, { id, quarantineHeld: true }, OPERATOR);
    expect(await stateOf(instance, late)).toBe('QUARANTINE 1');
  });

  test('where its failures were true, what is told after its end is quarantined', async () => {
    const id = await anOutage(instance, domain);
    const known = await newNode();
    expect((await known.openIncidents()).size).toBeGreaterThan(0);
    await closeIncident(instance, { id, quarantineHeld: true }, OPERATOR);
    const [late = ''] = await give(known, { domain, count: 1, name: 'late', minutesAgo: 5 });
    expect(await stateOf(instance, late)).toBe('QUARANTINE 1');
  });

  test('with quarantineHeld it quarantines what nothing has cleared since', async () => {
    const id = await anOutage(instance, domain);
    const node = await newNode();
    await give(node, { domain, count: 4, name: 'held', minutesAgo: 8 });
    await give(node, { domain, count: 1, name: 'held', outcome: 'DELIVERED', minutesAgo: 2 });
    life.setNow('2025-06-10T12:00:01Z');
    const twice = await give(node, { domain, count: 2, name: 'held', minutesAgo: 1 });
    const [cleared = '', heldTwice = ''] = twice;
    await give(node, { domain, count: 1, name: 'held', outcome: 'DELIVERED', minutesAgo: 0 });
    const edited = await entryOf(instance, `held3@${domain}`);
    await updateQuarantineEntry(instance, { id: edited?.id ?? 0n, status: 'VALID' }, OPERATOR);
    await closeIncident(instance, { id, quarantineHeld: true }, OPERATOR);
    const states = await Promise.all(
      [cleared, heldTwice, `held2@${domain}`, `held3@${domain}`].map((address) => stateOf(instance, address)),
    );
    expect(states).toEqual(['VALID 0', 'QUARANTINE 1', 'QUARANTINE 1', 'VALID 0']);
    expect(await incidentOf(instance, id)).toMatchObject({ state: 'CLOSED', carryState: 'DONE', carriedOut: 2 });
    expect(await lastLine(heldTwice)).toMatchObject({ status: 'QUARANTINE', incidentId: id, heldType: null });
    expect(await entryOf(instance, heldTwice)).toMatchObject({ reason: 'USER_UNKNOWN', softCaused: false, source: 'BOUNCE_SYNC' });
  });

  test('a soft cause stays one: the clock may release what it quarantines', async () => {
    await putPast(instance, domain, { DELIVERED: 1_000 });
    const node = strict(instance);
    await give(node, { domain, count: 100, name: 'full', text: TEXT.mailboxFull });
    const [id = 0n] = await detect(instance);
    const [address = ''] = await give(strict(await newNode()), { domain, count: 1, name: 'held', text: TEXT.mailboxFull });
    expect([await stateOf(instance, address), (await lastLine(address))?.heldType]).toEqual(['ERRONEOUS 1', 'SOFT']);
    await closeIncident(instance, { id, quarantineHeld: true }, OPERATOR);
    expect(await entryOf(instance, address)).toMatchObject({ status: 'QUARANTINE', reason: 'MAILBOX_FULL', softCaused: true });
  });

  test('what it quarantines counts for the deliveries that failed, as if nothing had been held', async () => {
    const id = await anOutage(instance, domain);
    const addresses = ['one', 'two', 'cleared'].map((name) => `${name}@${domain}`);
    const delivery = await aDelivery(
      instance,
      addresses.map((address) => ({ address })),
    );
    const node = await newNode();
    const result = { channel: 'EMAIL', deliveryId: delivery.id, occurredAt: new Date('2025-06-10T11:59:00Z') } as const;
    const failures = addresses.map((address) => ({ ...result, address, outcome: 'FAILED' as const, text: TEXT.unknownUser }));
    await recordDeliveryResults(node, failures, API_DOOR);
    await give(node, { domain, count: 1, name: 'nobody' });
    const cleared = { ...result, address: addresses[2] ?? '', outcome: 'DELIVERED' as const, occurredAt: new Date(NOON) };
    await recordDeliveryResults(node, [cleared], API_DOOR);
    const newQuarantines = async () => {
      await foldCounters(instance);
      const found = await instance.database.query<{ amount: number }>(sql`
        SELECT amount FROM delivery_counter WHERE delivery_id = ${delivery.id} AND metric = 'newQuarantines'`);
      return found.map(({ amount }) => amount);
    };
    expect(await newQuarantines()).toEqual([]);
    await closeIncident(instance, { id, quarantineHeld: true }, OPERATOR);
    expect(await incidentOf(instance, id)).toMatchObject({ carriedOut: 3 });
    expect(await newQuarantines()).toEqual([2]);
  });

  test('a carrying out that was killed goes on elsewhere, and does nothing twice', async () => {
    const id = await anOutage(instance, domain);
    await give(await newNode(), { domain, count: 25, name: 'held' });
    const dying = await newNode();
    const killed = new AbortController();
    await closeIncident(dying, { id, quarantineHeld: true }, OPERATOR, {
      sliceSize: 10,
      signal: killed.signal,
      onSlice: () => killed.abort(),
    });
    await backgroundWorkEnded(dying, carryOutName(id));
    expect(await incidentOf(instance, id)).toMatchObject({ carryState: 'RUNNING', carriedOut: 10 });
    const next = await newNode();
    expect(await resumeCarryOuts(next)).toBe(1);
    await backgroundWorkEnded(next, carryOutName(id));
    expect(await incidentOf(instance, id)).toMatchObject({ carryState: 'DONE', carriedOut: 25 });
    expect(await stateOf(instance, `held24@${domain}`)).toBe('QUARANTINE 1');
    expect(await resumeCarryOuts(next)).toBe(0);
  });

  test('twice is refused, unless what it held is to be quarantined after all', async () => {
    const id = await anOutage(instance, domain);
    await give(await newNode(), { domain, count: 1, name: 'held' });
    await closeIncident(instance, { id, quarantineHeld: false }, OPERATOR);
    await expect(closeIncident(instance, { id, quarantineHeld: false }, OPERATOR)).rejects.toThrow(InvalidStateError);
    await closeIncident(instance, { id, quarantineHeld: true }, OPERATOR);
    expect(await stateOf(instance, `held0@${domain}`)).toBe('QUARANTINE 1');
    await expect(closeIncident(instance, { id, quarantineHeld: true }, OPERATOR)).rejects.toThrow('what it held is quarantined');
    await expect(closeIncident(instance, { id: 999_999n, quarantineHeld: false }, OPERATOR)).rejects.toThrow(NotFoundError);
  });

  test('what a person has closed opens anew for what happens after it, not for what happened before', async () => {
    const id = await anOutage(instance, domain);
    await closeIncident(instance, { id, quarantineHeld: false }, OPERATOR);
    expect(await detect(instance)).toEqual([]);
    life.setNow('2025-06-10T12:21:00Z');
    await give(await newNode(), { domain, count: 120, name: 'again' });
    const [again] = await detect(instance);
    expect(again).toBeGreaterThan(id);
    expect(await incidentOf(instance, again ?? 0n)).toMatchObject({ openingShare: 1, quarantined: 120 });
  });
});
