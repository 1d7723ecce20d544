import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backgroundWorkEnded } from '../../../src/operations/background-work.ts';
import { carryOutName, closeIncident } from '../../../src/operations/close-incident.ts';
import { detectIncidents } from '../../../src/operations/detect-incidents.ts';
import { foldCounters } from '../../../src/operations/fold-counters.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { releaseIncident } from '../../../src/operations/release-incident.ts';
import { verifyQuarantine } from '../../../src/operations/verify-quarantine.ts';
import { type Database, sql } from '../../../src/store/database.ts';
import { keepIncidentsOpen } from '../../../src/store/incidents.ts';
import { takeLease } from '../../../src/store/lease.ts';
import { openServerDatabase } from '../../../src/store/server-database.ts';
import { aSecondPasses } from '../../support/a-second-passes.ts';
import { freshDomain } from '../../support/fresh.ts';
import { freshDatabase, freshServerUrl, onServer } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';
import { OPERATOR, stateOf } from '../life/life.ts';
import { anOutage, give, incidentOf } from './outage.ts';

let databases: Database[];
let here: Instance;
let there: Instance;

/** Two nodes: each with connections of its own where there is a server. */
beforeAll(async () => {
  const url = onServer() ? await freshServerUrl() : null;
  const open = () => (url === null ? freshDatabase() : openServerDatabase(url, 10));
  const first = await open();
  databases = url === null ? [first] : [first, await open()];
  here = await testInstance(first, { node: 'here' });
  there = await testInstance(databases.at(-1) ?? first, { node: 'there' });
});
afterAll(async () => {
  const { different } = await verifyQuarantine(here, OPERATOR);
  expect(different).toBe(0);
  for (const database of databases) await database.close();
});

describe('two nodes', () => {
  test('the other one holds within a second of the opening, and quarantines as soon as the incident is closed', async () => {
    const domain = freshDomain();
    await give(there, { domain: freshDomain(), count: 1 });
    const id = await anOutage(here, domain);
    const recorded = async (name: string) => {
      const [address = ''] = await give(there, { domain, count: 1, name, minutesAgo: 0 });
      return stateOf(here, address);
    };
    aSecondPasses();
    expect(await recorded('later')).toBe('ERRONEOUS 1');
    await closeIncident(here, { id, quarantineHeld: false }, OPERATOR);
    expect(await recorded('closed')).toBe('QUARANTINE 1');
  });

  test('only one of them looks for jumps at a time', async () => {
    const domain = freshDomain();
    const id = await anOutage(here, domain);
    await closeIncident(here, { id, quarantineHeld: false }, OPERATOR);
    await here.database.execute(sql`UPDATE incident SET closed_at = closed_at - interval '2 hours' WHERE id = ${id}`);
    await foldCounters(here);
    await takeLease(here.database, 'detect-incidents', 'here', 600_000);
    expect(await detectIncidents(there)).toEqual([]);
    expect(await detectIncidents(here)).toHaveLength(1);
  });
});

describe.runIf(onServer())('a batch under way', () => {
  test('is waited for before what was held is carried out, and those after it hold no more', async () => {
    const domain = freshDomain();
    const id = await anOutage(here, domain);
    const incident = (await testInstance(there.database, { node: 'fresh' })).openIncidents();
    const candidates = [...(await incident).values()].flat().filter((one) => one.id === id);
    let closed = false;
    let closing: Promise<void> = Promise.resolve();
    await there.database.transaction(async (tx) => {
      expect((await keepIncidentsOpen(tx, candidates)).size).toBe(1);
      closing = closeIncident(here, { id, quarantineHeld: true }, OPERATOR).then(() => {
        closed = true;
      });
      await waitsForLock(here.database);
      expect([closed, (await incidentOf(here, id)).state]).toEqual([false, 'CLOSED']);
      await there.database.transaction(async (later) => {
        expect((await keepIncidentsOpen(later, candidates)).size).toBe(0);
      });
    });
    await closing;
    expect(await incidentOf(here, id)).toMatchObject({ state: 'CLOSED', carryState: 'DONE' });
  });

  test('batches, the detector, a release and the close at once: every held address ends quarantined or released, and each entry is the fold of its ledger', async () => {
    const domain = freshDomain();
    const id = await anOutage(here, domain);
    const write = async (node: Instance, name: string) => {
      for (let round = 0; round < 15; round += 1) await give(node, { domain, count: 20, name: `${name}${round}-` });
    };
    const look = async () => {
      for (let round = 0; round < 10; round += 1) {
        await foldCounters(here);
        await detectIncidents(here);
      }
    };
    const end = async () => {
      await releaseIncident(there, { id, mode: 'SET_VALID', dryRun: false }, OPERATOR, { sliceSize: 50 });
      await closeIncident(there, { id, quarantineHeld: true }, OPERATOR, { sliceSize: 50 });
    };
    await Promise.all([write(here, 'a'), write(there, 'b'), look(), end()]);
    await backgroundWorkEnded(there, carryOutName(id));
    const [row] = await here.database.query<{ left: number; held: number }>(sql`
      SELECT count(*)::int AS held, count(*) FILTER (WHERE e.status = 'ERRONEOUS')::int AS left FROM quarantine_event l
      JOIN quarantine_entry e ON e.id = l.entry_id WHERE l.incident_id = ${id} AND l.held_type IS NOT NULL`);
    expect(row?.left).toBe(0);
    await foldCounters(here);
    expect((await incidentOf(here, id)).held).toBe(row?.held);
  });
});

/** Until some transaction of the database waits for a lock. */
async function waitsForLock(database: Database): Promise<void> {
  const waiting = async () => {
    const [row] = await database.query<{ count: number }>(sql`
      SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`);
    return row?.count ?? 0;
  };
  await expect.poll(waiting).toBeGreaterThan(0);
}
