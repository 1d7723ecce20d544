import pg from 'pg';
import { expect, test, vi } from 'vitest';
import { Feed } from '../../../src/live/feed.ts';
import { HorizonMonitor } from '../../../src/live/horizon-monitor.ts';
import { prepareFeeds } from '../../../src/store/feed-state.ts';
import { openServerDatabase } from '../../../src/store/server-database.ts';
import { aSecondPasses } from '../../support/a-second-passes.ts';
import { freshServerUrl, onServer } from '../../support/test-database.ts';
import { LedgerWriter } from './ledger-writer.ts';

test.runIf(onServer())(
  'a transaction left open in another database stalls the feed, is named, and the feed goes on by itself when it ends',
  async () => {
    const [url, elsewhere] = await Promise.all([freshServerUrl(), freshServerUrl()]);
    const database = await openServerDatabase(url, 5);
    await prepareFeeds(database);
    const feed = new Feed(database, { pollMs: 50 });
    const warnings = { stalled: vi.fn(), resumed: vi.fn() };
    const monitor = new HorizonMonitor(database, warnings);
    const subscription = await feed.subscribe({ ledger: 'QUARANTINE', after: null, matches: () => true, reader: 'token' });
    const foreign = new pg.Client({ connectionString: elsewhere, application_name: 'somebody else' });
    await foreign.connect();
    await foreign.query('BEGIN; CREATE TABLE left_open (id int)');

    const writer = new LedgerWriter(database, () => 0.5);
    await writer.write();
    const update = subscription.next();
    expect(await Promise.race([update, new Promise((resolve) => setTimeout(resolve, 500, 'stalled'))])).toBe('stalled');
    const named = () => warnings.stalled.mock.calls.filter(([state]) => /somebody else/.test(state.blocker)).length;
    const seen = async () => {
      await monitor.look();
      return monitor.state;
    };
    // Other tests of the cluster hold it too, for a moment.
    await expect.poll(seen).toMatchObject({ blocker: expect.stringMatching(/somebody else/) });
    expect(named()).toBe(0);
    aSecondPasses(5_000);
    await expect.poll(async () => (await seen()).ageSeconds).toBeGreaterThanOrEqual(5);
    expect(named()).toBe(1);

    await foreign.query('COMMIT');
    expect((await update).done).toBe(false);
    await expect.poll(async () => (await seen()).ageSeconds).toBeLessThan(5);
    expect(warnings.resumed).toHaveBeenCalled();

    await subscription.return();
    monitor.close();
    await foreign.end();
    await database.close();
  },
);
