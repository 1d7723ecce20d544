import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { CursorExpiredError, MalformedCursorError } from '../../../src/live/cursor.ts';
import { Feed, TooManyCatchUpsError } from '../../../src/live/feed.ts';
import type { LedgerSubscription, LedgerUpdate } from '../../../src/live/ledger-subscription.ts';
import { type Database, sql } from '../../../src/store/database.ts';
import { prepareFeeds, raiseFloor } from '../../../src/store/feed-state.ts';
import { openServerDatabase } from '../../../src/store/server-database.ts';
import { PATIENCE } from '../../support/patience.ts';
import { freshDatabase, freshServerUrl, onServer } from '../../support/test-database.ts';
import { appendLine, LedgerWriter } from './ledger-writer.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(nodes = 1): Promise<Database[]> {
  const databases = onServer() ? await openNodes(nodes) : [await freshDatabase()];
  for (const database of databases) closing.push(() => database.close());
  await prepareFeeds(databases[0] as Database);
  return databases;
}

async function openNodes(nodes: number): Promise<Database[]> {
  const url = await freshServerUrl();
  return Promise.all(Array.from({ length: nodes }, () => openServerDatabase(url, 30)));
}

const all = () => true;
const subscribe = (feed: Feed, after: string | null = null, reader = 'token') =>
  feed.subscribe({ ledger: 'QUARANTINE', after, matches: all, reader });

async function takeUpdates(subscription: LedgerSubscription, count: number): Promise<LedgerUpdate[]> {
  const updates: LedgerUpdate[] = [];
  while (updates.length < count) {
    const { done, value } = await subscription.next();
    if (done) break;
    updates.push(value);
  }
  return updates;
}

async function writeLines(database: Database, count: number, key: string = randomUUID(), from = 1): Promise<string> {
  await database.transaction(async (tx) => {
    for (let i = 0; i < count; i += 1) await appendLine(tx, { addressKey: key, version: from + i, entryId: 1n });
  });
  database.hints.notify('QUARANTINE');
  return key;
}

/** A small generator of pseudo-random numbers, so that a failure can be run again. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

describe('the feed of a ledger', () => {
  test('a subscriber without a cursor sees what happens from now on, and nothing of before', async () => {
    const [database] = await open();
    if (!database) return;
    const feed = new Feed(database);
    await writeLines(database, 3);
    const subscription = await subscribe(feed);
    const key = await writeLines(database, 2);
    const updates = await takeUpdates(subscription, 2);
    expect(updates.map(({ row }) => (row.ledger === 'QUARANTINE' ? row.after?.address : null))).toEqual([
      `${key}@example.com`,
      `${key}@example.com`,
    ]);
    await subscription.return();
  });

  test('a subscriber with a cursor first gets what it missed, then goes on live', async () => {
    const [database] = await open();
    if (!database) return;
    const feed = new Feed(database);
    const first = await subscribe(feed);
    const key = await writeLines(database, 1);
    const [seen] = await takeUpdates(first, 1);
    await first.return();
    await writeLines(database, 2_500, key, 2);
    const second = await subscribe(feed, seen?.cursor ?? null);
    const missed = await takeUpdates(second, 2_500);
    await writeLines(database, 3, key, 2_502);
    const live = await takeUpdates(second, 3);
    expect([...missed, ...live].map(({ row }) => (row.ledger === 'QUARANTINE' && row.after ? row.id : 0n))).toEqual(
      [...missed, ...live].map(({ row }) => row.id).toSorted((a, b) => (a < b ? -1 : 1)),
    );
    expect(new Set([...missed, ...live].map(({ cursor }) => cursor)).size).toBe(2_503);
    await second.return();
  });

  test('a lost hint is found by the poll', async () => {
    const [database] = await open();
    if (!database) return;
    const feed = new Feed(database);
    const subscription = await subscribe(feed);
    await database.transaction((tx) => appendLine(tx, { addressKey: randomUUID(), version: 1, entryId: 1n }));
    expect(await takeUpdates(subscription, 1)).toHaveLength(1);
    await subscription.return();
  });

  test('a waiting subscription that is closed ends at once and leaves nothing behind', async () => {
    const [database] = await open();
    if (!database) return;
    const feed = new Feed(database);
    const subscriptions = await Promise.all(Array.from({ length: 20 }, () => subscribe(feed)));
    const waiting = subscriptions.map((subscription) => subscription.next());
    expect(feed.listenerCount).toBe(20);
    await Promise.all(subscriptions.map((subscription) => subscription.return()));
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 20 }, () => ({ done: true, value: undefined })));
    expect(feed.listenerCount).toBe(0);
    expect(feed.counts()).toMatchObject({ subscribers: { QUARANTINE: 0 }, catchUps: 0 });
    const read = vi.spyOn(database, 'query');
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(read).not.toHaveBeenCalled();
  });

  test('a reader that fell out of the ring is served from the database and loses nothing', async () => {
    const [database] = await open();
    if (!database) return;
    const feed = new Feed(database, { ringRows: 50 });
    const slow = await subscribe(feed);
    const key = await writeLines(database, 10);
    await takeUpdates(slow, 1);
    for (let i = 0; i < 5; i += 1) await writeLines(database, 400, key, 11 + i * 400);
    const rest = await takeUpdates(slow, 2_009);
    expect(rest.map(({ row }) => row.id)).toEqual(rest.map(({ row }) => row.id).toSorted((a, b) => (a < b ? -1 : 1)));
    expect(rest).toHaveLength(2_009);
    expect(feed.counts().catchUpsTotal).toBeGreaterThan(0);
    await slow.return();
  });

  test('the before of a line is the line that came before it for the same address', async () => {
    const [database] = await open();
    if (!database) return;
    const feed = new Feed(database);
    const subscription = await subscribe(feed);
    await writeLines(database, 2);
    const [first, second] = await takeUpdates(subscription, 2);
    expect(first?.row).toMatchObject({ before: null, after: { status: 'ERRONEOUS' } });
    expect(second?.row).toMatchObject({ before: { status: 'ERRONEOUS' }, after: { status: 'ERRONEOUS' } });
    await subscription.return();
  });
});

describe('cursors', () => {
  test('a text that is no cursor is told apart from one that has expired', async () => {
    const [database] = await open();
    if (!database) return;
    const feed = new Feed(database);
    await expect(subscribe(feed, 'nonsense')).rejects.toThrow(MalformedCursorError);
    const subscription = await feed.subscribe({ ledger: 'QUARANTINE', after: null, matches: all, reader: 'token' });
    await writeLines(database, 1);
    const [update] = await takeUpdates(subscription, 1);
    await subscription.return();
    const cursor = update?.cursor ?? '';
    await expect(feed.subscribe({ ledger: 'DELIVERY_LOG', after: cursor, matches: all, reader: 'token' })).rejects.toThrow(
      /another subscription/,
    );
    await database.execute(sql`UPDATE feed_state SET epoch = epoch + 1 WHERE ledger = 'QUARANTINE'`);
    await expect(subscribe(feed, cursor)).rejects.toThrow(/another database/);
    expect(feed.listenerCount).toBe(0);
  });

  test('a cursor older than what retention left is expired, at the start and in the middle of a catch-up', async () => {
    const [database] = await open();
    if (!database) return;
    const feed = new Feed(database, { ringRows: 10 });
    const subscription = await subscribe(feed);
    await writeLines(database, 1_500);
    const [first] = await takeUpdates(subscription, 1);
    const [last] = await database.query<{ txid: string; id: bigint }>(
      sql`SELECT txid::text AS txid, id FROM quarantine_event ORDER BY id DESC LIMIT 1`,
    );
    await raiseFloor(database, 'QUARANTINE', { txid: BigInt(last?.txid ?? 0), id: last?.id ?? 0n });
    await expect(subscribe(feed, first?.cursor ?? '')).rejects.toThrow(CursorExpiredError);
    await expect(takeUpdates(subscription, 1_499)).rejects.toThrow(CursorExpiredError);
    await subscription.return();
  });

  test('a dump that carries transaction ids ahead of its new cluster is set back, and its cursors have expired', async () => {
    const [database] = await open();
    if (!database) return;
    const feed = new Feed(database);
    const subscription = await subscribe(feed);
    await writeLines(database, 5);
    const [update] = await takeUpdates(subscription, 1);
    await subscription.return();
    await database.execute(sql`UPDATE quarantine_event SET txid = '9000000000'::xid8`);
    expect(await prepareFeeds(database)).toEqual(['QUARANTINE']);
    expect(await prepareFeeds(database)).toEqual([]);
    await expect(subscribe(feed, update?.cursor ?? '')).rejects.toThrow(CursorExpiredError);
    const anew = await subscribe(feed);
    await writeLines(database, 1);
    expect(await takeUpdates(anew, 1)).toHaveLength(1);
    await anew.return();
  });

  test('the eleventh subscription of a token that must read back is told to wait', async () => {
    const [database] = await open();
    if (!database) return;
    const feed = new Feed(database, { catchUpsPerReader: 2, ringRows: 10 });
    const keepsTail = await subscribe(feed, null, 'a third token');
    await writeLines(database, 100);
    const [first] = await takeUpdates(keepsTail, 1);
    const held = [await subscribe(feed, first?.cursor), await subscribe(feed, first?.cursor)];
    await expect(subscribe(feed, first?.cursor)).rejects.toThrow(TooManyCatchUpsError);
    const other = await subscribe(feed, first?.cursor, 'another token');
    await takeUpdates(held[0] as LedgerSubscription, 99);
    void held[0]?.next();
    await vi.waitFor(async () => (await subscribe(feed, first?.cursor)).return(), PATIENCE);
    for (const subscription of [keepsTail, other, ...held]) await subscription.return();
  });
});

test('with writers that commit and roll back out of order, subscribers that resume on any node see each update once and in order', async () => {
  const seed = 20_261_121;
  const nodes = await open(2);
  const writerCount = onServer() ? 50 : 6;
  const rounds = onServer() ? 12 : 20;
  const feeds = nodes.map((database) => new Feed(database, { pollMs: 50, ringRows: 200 }));
  const anyFeed = (random: () => number) => feeds[Math.floor(random() * feeds.length)] as Feed;
  const writers = Array.from({ length: writerCount }, (_, i) => new LedgerWriter(nodes[i % nodes.length] as Database, seeded(seed + i)));
  let writing = true;
  const total = () => writers.reduce((sum, writer) => sum + writer.committed.length, 0);

  const watch = async (random: () => number): Promise<LedgerUpdate[]> => {
    const seen: LedgerUpdate[] = [];
    let subscription = await subscribe(anyFeed(random));
    started.push(undefined);
    while (writing || seen.length < total()) {
      const waiting = subscription.next();
      const next = await Promise.race([waiting, new Promise<null>((resolve) => setTimeout(resolve, 400, null))]);
      if (next === null && seen.length > 0) {
        await subscription.return();
        subscription = await subscribe(anyFeed(random), seen.at(-1)?.cursor ?? null);
      } else if (next === null) {
        // Nothing seen yet: starting anew would skip what is on its way.
        const first = await waiting;
        if (!first.done) seen.push(first.value);
      } else if (!next.done) {
        seen.push(next.value);
        if (random() < 0.05) {
          await subscription.return();
          subscription = await subscribe(anyFeed(random), seen.at(-1)?.cursor ?? null);
        }
      }
    }
    await subscription.return();
    return seen;
  };
  const started: undefined[] = [];
  const watchers = Array.from({ length: 8 }, (_, i) => watch(seeded(seed + 1_000 + i)));
  await expect.poll(() => started).toHaveLength(8);
  await Promise.all(
    writers.map(async (writer) => {
      for (let i = 0; i < rounds; i += 1) await writer.write();
    }),
  );
  writing = false;
  const expected = writers.flatMap(({ committed }) => committed.map(({ addressKey, version }) => `${addressKey} ${version}`)).toSorted();
  for (const seen of await Promise.all(watchers)) {
    const ids = seen.map(({ row }) => row.id);
    const lines = await nodes[0]?.query<{ id: bigint; address_key: string; version: number }>(
      sql`SELECT id, address_key, version FROM quarantine_event`,
    );
    const byId = new Map(lines?.map((line) => [line.id, line]));
    const story = ids.map((id) => byId.get(id));
    expect(story.map((line) => `${line?.address_key} ${line?.version}`).toSorted()).toEqual(expected);
    const last = new Map<string, number>();
    for (const line of story) {
      if (!line) throw new Error('an update without its line');
      expect(line.version).toBe((last.get(line.address_key) ?? 0) + 1);
      last.set(line.address_key, line.version);
    }
  }
  for (const feed of feeds) expect(feed.listenerCount).toBe(0);
});
