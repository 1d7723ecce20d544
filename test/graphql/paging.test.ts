import { beforeAll, describe, expect, it } from 'vitest';
import { encodeCursor } from '../../src/graphql/cursor.ts';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { rows, sql } from '../../src/store/database.ts';
import { readingSqlOf } from '../support/count-sql.ts';
import { type TestApp, testApp } from '../support/test-app.ts';

const DOMAIN = 'paging.example';
const ENTRIES = 250;

let app: TestApp;

/** 250 entries of one domain; their dates are equal in groups of seven, and every third has no error. */
beforeAll(async () => {
  app = await testApp();
  const book = await app.instance.addressBook();
  const entries = Array.from({ length: ENTRIES }, (_, index) => {
    const address = `page-${index}@${DOMAIN}`;
    const day = String(1 + (Math.floor(index / 7) % 28)).padStart(2, '0');
    return {
      address,
      key: book.key('EMAIL', address),
      at: `2026-01-${day}T00:00:00Z`,
      error: index % 3 === 0 ? null : `2026-02-${day}T00:00:00Z`,
    };
  });
  await app.instance.database.execute(sql`
    INSERT INTO quarantine_entry (channel, address, address_key, domain, status, source, created_at, status_updated_at, last_error_at)
    SELECT 'EMAIL', r.address, r.key, ${DOMAIN}, 'QUARANTINE', 'MANUAL', r.at, r.at, r.error
    FROM jsonb_to_recordset(${rows(entries)}::jsonb) AS r(address text, key uuid, at timestamptz, error timestamptz)`);
});

const LIST = `query ($orderBy: QuarantineOrder, $first: Int, $after: String, $last: Int, $before: String) {
  quarantine(filter: { domain: ["${DOMAIN}"] }, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id address createdAt lastErrorAt } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

interface Row {
  readonly id: string;
  readonly address: string;
  readonly createdAt: string;
  readonly lastErrorAt: string | null;
}

async function page(variables: object) {
  const { data, errors } = await app.graphql(LIST, variables);
  expect(errors).toBeUndefined();
  const { edges, pageInfo } = data.quarantine as {
    edges: { node: Row; cursor: string }[];
    pageInfo: Record<string, boolean | string | null>;
  };
  return { rows: edges.map(({ node }) => node), cursors: edges.map(({ cursor }) => cursor), pageInfo };
}

async function walk(orderBy: object | null, size: number, backward: boolean): Promise<Row[]> {
  const found: Row[] = [];
  let cursor: unknown = null;
  for (let pages = 0; pages < ENTRIES; pages += 1) {
    const { rows: some, pageInfo } = await page({
      orderBy,
      ...(backward ? { last: size, before: cursor } : { first: size, after: cursor }),
    });
    if (backward) found.unshift(...some);
    else found.push(...some);
    expect(pageInfo[backward ? 'hasNextPage' : 'hasPreviousPage']).toBe(cursor !== null);
    if (!pageInfo[backward ? 'hasPreviousPage' : 'hasNextPage']) return found;
    cursor = pageInfo[backward ? 'startCursor' : 'endCursor'];
  }
  throw new Error('the list does not end');
}

describe('paging', () => {
  const orders = [
    null,
    ...['CREATED_AT', 'STATUS_UPDATED_AT', 'LAST_ERROR_AT'].flatMap((field) => ['ASC', 'DESC'].map((direction) => ({ field, direction }))),
  ];
  it.each(orders)('goes through all rows once, forward and backward, in the order %j', async (orderBy) => {
    const forward = await walk(orderBy, 37, false);
    expect(new Set(forward.map(({ id }) => id)).size).toBe(ENTRIES);
    expect((await walk(orderBy, 41, true)).map(({ id }) => id)).toEqual(forward.map(({ id }) => id));
    const value = (row: Row) => (orderBy?.field === 'LAST_ERROR_AT' ? (row.lastErrorAt ?? '') : orderBy ? row.createdAt : '');
    const values = forward.map(value);
    const sorted = [...values].sort();
    expect(values).toEqual(orderBy?.direction === 'ASC' ? sorted : sorted.reverse());
  });

  it('is newest first where no order is given', async () => {
    const { rows: some } = await page({ first: 3 });
    expect(some.map(({ address }) => address)).toEqual([249, 248, 247].map((index) => `page-${index}@${DOMAIN}`));
  });

  it('goes on behind a row that is gone', async () => {
    const { rows: three, cursors } = await page({ first: 3 });
    await app.graphql('mutation ($id: ID!) { deleteQuarantineEntry(id: $id) { __typename } }', { id: three[1]?.id });
    const next = await page({ first: 1, after: cursors[1] });
    expect(next.rows[0]?.id).toBe(three[2]?.id);
    expect(next.pageInfo.hasPreviousPage).toBe(true);
    const book = await app.instance.addressBook();
    const address = three[1]?.address ?? '';
    await app.instance.database.execute(sql`
      INSERT INTO quarantine_entry (channel, address, address_key, domain, status, source)
      VALUES ('EMAIL', ${address}, ${book.key('EMAIL', address)}::uuid, ${DOMAIN}, 'QUARANTINE', 'MANUAL')`);
  });

  it('takes a window between two cursors', async () => {
    const { rows: ten, cursors } = await page({ first: 10 });
    const window = await page({ first: 100, after: cursors[2], before: cursors[7] });
    expect(window.rows).toEqual(ten.slice(3, 7));
    expect(window.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
  });

  it('has 20 rows where no size is given', async () => {
    expect((await page({})).rows).toHaveLength(20);
  });

  it.each([
    ['zero rows', { first: 0 }, /"first" is a number from 1 to 100/],
    ['a negative number of rows', { last: -1 }, /"last" is a number from 1 to 100/],
    ['101 rows', { first: 101 }, /"first" is a number from 1 to 100/],
    ['two sizes', { first: 1, last: 1 }, /not both/],
    ['a cursor that is none', { after: 'abc' }, /"after" is not a cursor/],
    ['a cursor of another list', { before: encodeCursor('deliveries', { id: 1n, value: null }) }, /cursor of another list/],
    [
      'a cursor of another order',
      { after: encodeCursor('quarantine CREATED_AT ASC', { id: 1n, value: '2026-01-01 00:00:00+00' }) },
      /another/,
    ],
    ['a cursor with a made-up value', { after: Buffer.from('[1,"quarantine","1","x"]').toString('base64url') }, /not a cursor/],
    ['an id for a cursor', { after: encodeGlobalId('Profile', 1n) }, /not a cursor/],
  ])('refuses %s', async (_name, variables, message) => {
    const { errors } = await app.graphql(LIST, variables);
    expect(errors?.[0]).toMatchObject({ message: expect.stringMatching(message), extensions: { code: 'BAD_USER_INPUT' } });
  });

  it('costs 2 statements at any page size, and one more for the count', async () => {
    await app.graphql('{ __typename }');
    for (const first of [1, 20, 100]) expect(await readingSqlOf(() => page({ first }))).toHaveLength(2);
    const counted = await readingSqlOf(async () => {
      const { data } = await app.graphql(
        `{ quarantine(first: 5, filter: { domain: ["${DOMAIN}"] }) { totalCount edges { node { id } } } }`,
      );
      expect(data.quarantine.totalCount).toBe(ENTRIES);
    });
    expect(counted).toHaveLength(3);
  });
});
