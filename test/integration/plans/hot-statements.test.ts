import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeCursor } from '../../../src/graphql/cursor.ts';
import { encodeGlobalId } from '../../../src/graphql/global-id.ts';
import { backgroundWorkEnded } from '../../../src/operations/background-work.ts';
import { createDelivery } from '../../../src/operations/create-delivery.ts';
import { createQualificationRule } from '../../../src/operations/create-qualification-rule.ts';
import { exportRows } from '../../../src/operations/export-rows.ts';
import { checkProfiles, importProfiles } from '../../../src/operations/import-profiles.ts';
import { checkQuarantine, importQuarantine } from '../../../src/operations/import-quarantine.ts';
import { ingestMessage } from '../../../src/operations/ingest-message.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { mayContact } from '../../../src/operations/may-contact.ts';
import { prepareDelivery } from '../../../src/operations/prepare-delivery.ts';
import { purgeRuns } from '../../../src/operations/purge-runs.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { recordShares } from '../../../src/operations/record-shares.ts';
import { requalify } from '../../../src/operations/requalify.ts';
import { runCleanup } from '../../../src/operations/run-cleanup.ts';
import { preparationName } from '../../../src/operations/run-preparation.ts';
import { requalificationWork } from '../../../src/operations/run-requalification.ts';
import { stopDelivery } from '../../../src/operations/stop-delivery.ts';
import { undoRequalification } from '../../../src/operations/undo-requalification.ts';
import { upsertProfiles } from '../../../src/operations/upsert-profiles.ts';
import { LEDGERS, sql } from '../../../src/store/database.ts';
import { readLedger } from '../../../src/store/ledger-rows.ts';
import { type Explained, explaining } from '../../support/explaining.ts';
import { API_DOOR, TEXT } from '../../support/feedback-instance.ts';
import { openTestApp, type TestApp } from '../../support/test-app.ts';
import { type Life, OPERATOR, openLife } from '../life/life.ts';
import { fillLargeTables, type LargeTables } from './large-tables.ts';

let life: Life;
let tables: LargeTables;

beforeAll(async () => {
  life = await openLife('2025-03-30T12:00:00Z');
  tables = await fillLargeTables(life.instance);
});
afterAll(() => life.close());

/** The instance with every statement explained. */
function explained(measures = true): { on: Instance; seen: Explained } {
  const seen = explaining(life.instance.database, measures);
  return { on: { ...life.instance, database: seen.database }, seen };
}

/** No large table was read from end to end, neither by itself nor through an index. */
function expectProbes({ fullScans, statements, worst }: Explained, rowsAtMost: number): void {
  expect(fullScans).toEqual([]);
  expect(statements.length).toBeGreaterThan(0);
  expect(worst.rows, worst.statement).toBeLessThanOrEqual(rowsAtMost);
}

const at = new Date('2025-03-29T08:00:00Z');
const mail = (address: string) => ({ channel: 'EMAIL' as const, address });

describe('recording results', () => {
  test('looks up entries, messages and ledgers by their keys', async () => {
    const { on, seen } = explained();
    const outcomes = ['FAILED', 'DELIVERED', 'COMPLAINT', 'FAILED', 'UNSUBSCRIBE'] as const;
    const items = tables.known.slice(0, 50).map(({ address, messageId }, index) => ({
      ...mail(address),
      outcome: outcomes[index % outcomes.length] ?? 'FAILED',
      text: [TEXT.mailboxFull, TEXT.unknownUser, 'Kwzr mblpt xvq'][index % 3] ?? '',
      occurredAt: at,
      ...(index % 2 === 0 ? { messageId } : { deliveryId: tables.deliveryId }),
    }));
    await recordDeliveryResults(on, items, API_DOOR);
    // A repeat is found by its keys.
    await recordDeliveryResults(on, items, API_DOOR);
    expectProbes(seen, 1_000);
  });

  test('so does a report that names nothing but the address', async () => {
    const { on, seen } = explained();
    const { address } = tables.known[60] ?? { address: '' };
    const raw = `From: MAILER-DAEMON@relay.example\nTo: bounces@sender.example\nSubject: Undelivered Mail Returned to Sender\nDate: ${at.toUTCString()}\n\n<${address}>: host mx.example said: 550 5.1.1 User unknown\n`;
    const { kind } = await ingestMessage(on, Buffer.from(raw), API_DOOR);
    expect(kind).toBe('BOUNCE');
    expectProbes(seen, 1_000);
  });
});

test('mayContact asks the list, the profiles and their consents by key', async () => {
  const { on, seen } = explained();
  const checks = tables.known.map(({ address, profileId }, index) => ({ ...mail(address), profileId: index % 2 ? profileId : null }));
  expect(await mayContact(on, checks)).toHaveLength(checks.length);
  expectProbes(seen, 1_000);
});

test('mayContact does so, too, where the planner takes every address for one that many hold', async () => {
  const { database } = life.instance;
  await database.execute(sql`ALTER TABLE address ALTER COLUMN address_key SET (n_distinct = 20)`);
  await database.execute(sql`ANALYZE address`);
  const { on, seen } = explained();
  const checks = tables.known.map(({ address }) => mail(address));
  expect(await mayContact(on, checks)).toHaveLength(checks.length);
  await database.execute(sql`ALTER TABLE address ALTER COLUMN address_key RESET (n_distinct)`);
  await database.execute(sql`ANALYZE address`);
  expect(seen.worst.rows, seen.worst.statement).toBeLessThanOrEqual(1_000);
});

describe('preparing', () => {
  test.each([
    ['everybody', {}, 5_000],
    ['so many at most, less a control group', { limitTo: 1_000, controlGroupPercent: 10 }, 5_000],
    ['those who are named', { named: true }, 100],
  ] as const)('%s reads a slice at a time', async (_name, { named, ...options }: { named?: boolean; limitTo?: number }, sliceSize) => {
    const profileIds = named ? tables.known.map(({ profileId }) => profileId) : null;
    const id = await createDelivery(life.instance, { label: 'Plan', channel: 'EMAIL', profileIds, ...options }, OPERATOR);
    const { on, seen } = explained(false);
    await prepareDelivery(on, id, OPERATOR, { sliceSize });
    await backgroundWorkEnded(on, preparationName(id));
    const [{ state } = { state: '' }] = await life.instance.database.query<{ state: string }>(
      sql`SELECT state FROM delivery WHERE id = ${id}`,
    );
    expect(state).toBe('READY');
    expect(seen.fullScans).toEqual([]);
  });

  test('purging a run that another one has replaced reads that run', async () => {
    const profileIds = tables.known.map(({ profileId }) => profileId);
    const id = await createDelivery(life.instance, { label: 'Replaced', channel: 'EMAIL', profileIds }, OPERATOR);
    for (const _run of [1, 2]) {
      await prepareDelivery(life.instance, id, OPERATOR);
      await backgroundWorkEnded(life.instance, preparationName(id));
    }
    const { on, seen } = explained(false);
    expect(await purgeRuns(on, { keepMs: 0, sliceSize: 40 })).toBe(tables.known.length);
    expect(seen.fullScans).toEqual([]);
  });

  test('stopping reads what is pending', async () => {
    const { on, seen } = explained();
    await stopDelivery(on, tables.deliveryId, OPERATOR);
    expect(seen.fullScans).toEqual([]);
  });
});

test('imports and updates find what they replace by key', async () => {
  const { on, seen } = explained();
  const book = await on.addressBook();
  const items = tables.known.slice(0, 50).map(({ address }, index) => ({
    externalId: index % 2 ? `known-${index}` : `new-${index}`,
    addresses: [{ channel: 'EMAIL' as const, value: address }],
    optedOut: index % 3 ? undefined : null,
  }));
  await importProfiles(on, checkProfiles(items, book), OPERATOR);
  await upsertProfiles(
    on,
    items.map(({ optedOut: _none, ...item }) => item),
    OPERATOR,
  );
  await importQuarantine(
    on,
    checkQuarantine(
      tables.known.slice(0, 50).map(({ address }) => mail(address)),
      book,
      on.now(),
    ),
    OPERATOR,
  );
  expectProbes(seen, 1_000);
});

test('an export reads its table slice by slice, and a filter that an index knows only what it finds', async () => {
  for (const request of [
    { what: 'quarantine', filter: {} },
    { what: 'delivery-logs', filter: {} },
    { what: 'exclusion-logs', filter: {} },
    { what: 'quarantine', filter: { domain: [tables.rareDomain] } },
    { what: 'delivery-logs', filter: { domain: [tables.rareDomain] } },
    { what: 'delivery-logs', filter: { deliveryId: tables.deliveryId } },
    { what: 'exclusion-logs', filter: { deliveryId: tables.deliveryId } },
  ] as const) {
    const { on, seen } = explained(false);
    for await (const slice of exportRows(on, request)) if (slice.length === 0) throw new Error('an export gives no empty slices');
    expect(seen.fullScans, request.what).toEqual([]);
  }
});

test('the live feed reads each ledger from a cursor on', async () => {
  for (const ledger of LEDGERS.filter((name) => name !== 'ALERT')) {
    const { on, seen } = explained();
    const [first] = await readLedger(life.instance.database, ledger, { txid: 0n, id: 0n }, 1);
    await readLedger(on.database, ledger, { txid: first?.txid ?? 0n, id: (first?.id ?? 0n) + 10_000n }, 500);
    expectProbes(seen, 2_000);
  }
});

test('a requalification and its undo read what they correct address by address, however much there is before and behind', async () => {
  const rule = { name: 'Renamed', patterns: ['no such user'], type: 'SOFT', reason: 'UNREACHABLE' } as const;
  await createQualificationRule(life.instance, rule, OPERATOR);
  const node = await life.otherNode('knows the rule');
  const filter = { occurredAt: { from: new Date('2025-03-01T00:00:00Z') } };
  const later = { signal: AbortSignal.abort() };
  const id = await requalify(node, { filter, dryRun: false }, OPERATOR, later);
  const row = () => node.database.prisma.requalification.findUniqueOrThrow({ where: { id } });
  async function finish(rowsAtMost: Record<string, number>) {
    for (let at = await row(); at.state === 'RUNNING'; at = await row()) {
      const seen = explaining(node.database);
      await requalificationWork({ ...node, database: seen.database }, id).slice(100);
      expectProbes(seen, rowsAtMost[at.phase] ?? 0);
    }
  }
  // The failures in the order of their time are cheaper to sort at first: they are few.
  await finish({ EXAMINE: 5_000, APPLY: 1_000 });
  expect(await row()).toMatchObject({ state: 'DONE', changedFailures: 2_255 });
  await undoRequalification(node, id, OPERATOR, later);
  await finish({ UNDO: 1_000 });
  expect(await row()).toMatchObject({ state: 'DONE', failuresPutBack: 2_255 });
});

test('the share of a month reads all addresses, slice by slice', async () => {
  const { on, seen } = explained();
  const { tasks } = await runCleanup(on, OPERATOR, { tasks: [recordShares], sliceSize: 500 });
  expect(tasks).toMatchObject([{ rows: 1, error: null }]);
  // Near the end of the keys it may be cheaper to sort what is left.
  expectProbes(seen, 5_000);
});

describe('a page of a list reads what it shows', () => {
  let app: TestApp;
  let seen: Explained;
  beforeAll(async () => {
    await life.instance.database.execute(sql`ANALYZE`);
    seen = explaining(life.instance.database);
    app = await openTestApp(seen.database);
    app.clock.set('2025-03-30T12:00:00Z');
  });
  afterAll(() => app.close());

  const RECENT = '{ from: "2025-03-20T00:00:00Z" }';
  const PAGES: readonly (readonly [list: string, argument: string])[] = [
    ['quarantine', ''],
    ['quarantine', 'filter: { address: { eq: "ADDRESS" } }'],
    ['quarantine', 'filter: { address: { startsWith: "known1" } }'],
    ['quarantine', 'filter: { address: { eq: "erased:0123456789ab" } }'],
    ['quarantine', 'filter: { status: [ERRONEOUS] }'],
    ['quarantine', 'filter: { status: [QUARANTINE, DENYLISTED] }'],
    ['quarantine', 'filter: { reason: [REFUSED] }'],
    ['quarantine', 'filter: { domain: ["RARE"] }'],
    ['quarantine', 'filter: { domain: ["RARE", "nowhere.example"] }'],
    ['quarantine', 'filter: { domain: ["RARE"], status: [QUARANTINE], errorTextContains: ["5.1.1"] }'],
    ['quarantine', 'filter: { statusUpdatedAt: { from: "2025-02-16T00:00:00Z", to: "2025-02-16T00:10:00Z" } }'],
    ['quarantine', 'filter: { lastErrorAt: { from: "2025-02-16T00:00:00Z", to: "2025-02-16T00:10:00Z" } }'],
    ['quarantine', 'filter: { statusUpdatedAt: { to: "2025-02-15T04:00:00Z" } }'],
    ['quarantine', 'filter: { statusUpdatedAt: { to: "2025-02-15T04:00:00Z" }, status: [QUARANTINE] }'],
    ['quarantine', 'filter: { lastErrorAt: { to: "2025-02-15T04:00:00Z" } }'],
    ['quarantine', 'filter: { lastErrorAt: { from: "2025-02-16T00:00:00Z", to: "2025-02-16T09:00:00Z" } }'],
    ['quarantine', 'filter: { statusUpdatedAt: { to: "2026-01-01T00:00:00Z" } }'],
    ['quarantine', 'orderBy: { field: CREATED_AT }'],
    ['quarantine', 'orderBy: { field: STATUS_UPDATED_AT, direction: ASC }'],
    ['quarantine', 'orderBy: { field: LAST_ERROR_AT }'],
    ['quarantineHistory', 'channel: EMAIL, address: "ADDRESS"'],
    ['quarantineHistory', 'channel: EMAIL, address: "erased:0123456789ab"'],
    ['deliveryLogs', ''],
    ['deliveryLogs', 'filter: { deliveryId: "DELIVERY" }'],
    ['deliveryLogs', 'filter: { deliveryId: "DELIVERY", status: [PENDING] }'],
    ['deliveryLogs', 'filter: { profileId: "PROFILE" }'],
    ['deliveryLogs', 'filter: { address: { eq: "ADDRESS" } }'],
    ['deliveryLogs', 'filter: { domain: ["RARE"] }'],
    ['deliveryLogs', 'filter: { domain: ["RARE"], status: [SENT] }'],
    ['deliveryLogs', 'filter: { failureReason: [USER_UNKNOWN] }'],
    ['deliveryLogs', 'filter: { failureReason: [MAILBOX_FULL] }'],
    ['deliveryLogs', 'filter: { status: [FAILED] }'],
    ['deliveryLogs', 'filter: { status: [PENDING] }'],
    ['deliveryLogs', `filter: { updatedAt: ${RECENT} }`],
    ['deliveryLogs', 'filter: { updatedAt: { from: "2025-03-01T00:00:00Z", to: "2025-03-01T00:10:00Z" } }'],
    ['deliveryLogs', 'filter: { updatedAt: { from: "2025-03-01T00:00:00Z", to: "2025-03-01T08:00:00Z" } }'],
    ['deliveryLogs', 'filter: { updatedAt: { from: "2025-03-01T00:00:00Z", to: "2026-01-01T00:00:00Z" } }'],
    ['exclusionLogs', 'filter: { createdAt: { from: "2025-03-01T00:00:00Z", to: "2025-03-01T08:00:00Z" } }'],
    ['exclusionLogs', ''],
    ['exclusionLogs', 'filter: { deliveryId: "DELIVERY" }'],
    ['exclusionLogs', 'filter: { profileId: "PROFILE" }'],
    ['exclusionLogs', 'filter: { address: { eq: "ADDRESS" } }'],
    ['exclusionLogs', 'filter: { reason: [DENYLISTED] }'],
    ['exclusionLogs', 'filter: { reason: [DUPLICATE] }'],
    ['exclusionLogs', `filter: { createdAt: ${RECENT} }`],
    ['unprovenReports', ''],
    ['deliveries', ''],
    ['profiles', ''],
    ['profiles', 'filter: { externalId: { eq: "known-7" } }'],
    ['profiles', 'filter: { externalId: { startsWith: "known-7" } }'],
    ['profiles', 'filter: { address: { eq: "ADDRESS" } }'],
    ['profiles', 'filter: { address: { startsWith: "known1" } }'],
    ['addresses', ''],
    ['addresses', 'filter: { value: { eq: "ADDRESS" } }'],
    ['addresses', 'filter: { value: { startsWith: "known1" } }'],
  ];

  test('the lists of one delivery, though others are newer', async () => {
    Object.assign(seen.worst, { rows: 0, statement: '' });
    const id = encodeGlobalId('Delivery', tables.deliveryId - 1n);
    const lists = 'deliveryLogs(first: 10) { edges { node { id } } } exclusionLogs(first: 10) { edges { node { id } } }';
    const { data } = await app.graphql(`{ node(id: "${id}") { ... on Delivery { ${lists} } } }`);
    expect([data.node.deliveryLogs.edges.length, data.node.exclusionLogs.edges.length]).toEqual([10, 10]);
    expectProbes(seen, 1_500);
  });

  test('also far down its list, in both directions', async () => {
    const id = encodeGlobalId('Delivery', tables.deliveryId);
    const lists: readonly (readonly [list: string, cursor: string, filter: string])[] = [
      ['deliveryLogs', encodeCursor('deliveryLogs', { id: 20_000n, value: null }), ''],
      ['deliveryLogs', encodeCursor('deliveryLogs', { id: 20_000n, value: null }), `filter: { deliveryId: "${id}" }, `],
      ['exclusionLogs', encodeCursor('exclusionLogs', { id: 10_000n, value: null }), ''],
      ['quarantine', encodeCursor('quarantine', { id: 7_000n, value: null }), ''],
      [
        'quarantine',
        encodeCursor('quarantine CREATED_AT DESC', { id: 7_000n, value: '2025-02-20 00:00:00+00' }),
        'orderBy: { field: CREATED_AT }, ',
      ],
    ];
    for (const [list, cursor, more] of lists) {
      for (const page of [`first: 10, after: "${cursor}"`, `last: 10, before: "${cursor}"`]) {
        Object.assign(seen.worst, { rows: 0, statement: '' });
        const { data, errors } = await app.graphql(
          `{ ${list}(${more}${page}) { edges { node { id } } pageInfo { hasNextPage hasPreviousPage } } }`,
        );
        expect(errors).toBeUndefined();
        expect(data[list]).toMatchObject({ edges: { length: 10 }, pageInfo: { hasNextPage: true, hasPreviousPage: true } });
        expectProbes(seen, 1_000);
      }
    }
  });

  test('what is found by its time is paged as what is walked: newest first, each once, in both directions', async () => {
    const filter = 'filter: { statusUpdatedAt: { from: "2025-02-16T00:00:00Z", to: "2025-02-16T02:30:00Z" } }';
    const expected = await life.instance.database.query<{ id: bigint }>(sql`
      SELECT id FROM quarantine_entry WHERE status_updated_at BETWEEN '2025-02-16T00:00:00Z' AND '2025-02-16T02:30:00Z' ORDER BY id DESC`);
    const ids = expected.map(({ id }) => encodeGlobalId('QuarantineEntry', id));
    expect(ids).toHaveLength(151);
    const read = async (page: string) => {
      const fields = 'edges { node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount';
      const { data } = await app.graphql(`{ quarantine(${filter}, ${page}) { ${fields} } }`);
      return data.quarantine;
    };
    const first = await read('first: 100');
    const second = await read(`first: 100, after: "${first.pageInfo.endCursor}"`);
    const back = await read(`last: 100, before: "${second.pageInfo.startCursor}"`);
    const idsOf = ({ edges }: { edges: { node: { id: string } }[] }) => edges.map(({ node }) => node.id);
    expect([...idsOf(first), ...idsOf(second)]).toEqual(ids);
    expect(idsOf(back)).toEqual(idsOf(first));
    expect([first, second, back].map(({ pageInfo }) => [pageInfo.hasPreviousPage, pageInfo.hasNextPage])).toEqual([
      [false, true],
      [true, false],
      [false, true],
    ]);
    expect(first.totalCount).toBe(151);
  });

  test('what is older than an instant is walked again behind its first pages', async () => {
    const filter = 'filter: { statusUpdatedAt: { to: "2025-02-18T00:00:00Z" } }';
    const fields = 'edges { node { id } } pageInfo { endCursor hasNextPage hasPreviousPage }';
    const first = await app.graphql(`{ quarantine(${filter}, first: 100) { ${fields} } }`);
    Object.assign(seen.worst, { rows: 0, statement: '' });
    seen.fullScans.length = 0;
    const { data } = await app.graphql(
      `{ quarantine(${filter}, first: 50, after: "${first.data.quarantine.pageInfo.endCursor}") { ${fields} } }`,
    );
    expectProbes(seen, 2_500);
    const expected = await life.instance.database.query<{ id: bigint }>(sql`
      SELECT id FROM quarantine_entry WHERE status_updated_at <= '2025-02-18T00:00:00Z' ORDER BY id DESC LIMIT 50 OFFSET 100`);
    expect(data.quarantine).toMatchObject({
      edges: expected.map(({ id }) => ({ node: { id: encodeGlobalId('QuarantineEntry', id) } })),
      pageInfo: { hasNextPage: true, hasPreviousPage: true },
    });
  });

  test.each(PAGES)('%s(%s)', async (list, argument) => {
    const { address = '', profileId = 0n } = tables.known[3] ?? {};
    const filled = argument
      .replaceAll('RARE', tables.rareDomain)
      .replaceAll('ADDRESS', address)
      .replaceAll('DELIVERY', encodeGlobalId('Delivery', tables.deliveryId))
      .replaceAll('PROFILE', encodeGlobalId('Profile', profileId));
    Object.assign(seen.worst, { rows: 0, statement: '' });
    seen.fullScans.length = 0;
    const { errors } = await app.graphql(`{ ${list}(${[filled, 'first: 10'].filter(Boolean).join(', ')}) { edges { node { id } } } }`);
    expect(errors).toBeUndefined();
    expectProbes(seen, 2_500);
  });
});

test('a requalification and its undo find failures by their time, and what surrounds them by address', async () => {
  const rule = { name: 'Outage', patterns: ['no such user'], type: 'SOFT', reason: 'UNREACHABLE' } as const;
  await createQualificationRule(life.instance, rule, OPERATOR);
  const node = await life.otherNode('requalifying');
  const seen = explaining(node.database);
  const on = { ...node, database: seen.database };
  const filter = { occurredAt: { from: new Date('2025-03-31T12:00:00Z') } };
  const id = await requalify(on, { filter, dryRun: false }, OPERATOR);
  const done = await life.instance.database.prisma.requalification.findUniqueOrThrow({ where: { id } });
  expect(done).toMatchObject({ state: 'DONE', changedFailures: expect.any(Number) });
  expect(done.changedFailures).toBeGreaterThan(30);
  await undoRequalification(on, id, OPERATOR);
  expectProbes(seen, 50 * done.changedFailures);
});
