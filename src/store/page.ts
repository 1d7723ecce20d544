import { empty, join, type Queryable, raw, rows, type Sql, sql } from './database.ts';

/** Where a row stands in its list: its id, and the text of the value that the list is ordered by (null = by id alone). */
export interface PageKey {
  readonly id: bigint;
  readonly value: string | null;
}

export interface PageRequest {
  readonly size: number;
  /** The last rows before `before` instead of the first ones after `after`. */
  readonly backward: boolean;
  readonly after: PageKey | null;
  readonly before: PageKey | null;
}

export interface PageOrder {
  readonly direction: 'ASC' | 'DESC';
  /** Expressions over `c` that are the same in all rows of the list: its order begins with them, as the index does that is to be walked. */
  readonly within?: readonly Sql[];
  /** An expression over `c` that is never null, with an index over it and the id; absent = by id alone. */
  readonly by?: { readonly value: Sql; readonly type: 'timestamptz' | 'int' };
  /** No index is walked: what the condition finds is sorted. For conditions that the newest rows do not fulfil. */
  readonly sorted?: {
    /** What follows a cursor up to this id is walked: there they are fulfilled, down to the oldest row. null = nowhere. */
    readonly walkedAfter: bigint | null;
  };
}

export const NEWEST_FIRST: PageOrder = { direction: 'DESC' };
export const OLDEST_FIRST: PageOrder = { direction: 'ASC' };

/** One page of a list: the rows' keys in the order of the list. */
export interface KeyPage {
  readonly keys: readonly PageKey[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** A list: a table, known as `c` in the condition, and its order. */
export interface PageSource {
  readonly table: Sql;
  readonly where: Sql;
  readonly order: PageOrder;
}

/** A parent of nested lists, known as `parent` in their condition; what a list does not need stays out. */
export interface PageParent {
  readonly id: bigint;
  readonly addressKey?: string;
  readonly shortCode?: string;
  readonly run?: number;
}

interface KeyRow {
  parent: bigint;
  id: bigint | null;
  value: string | null;
  behind: boolean;
  ahead: boolean;
}

/**
 * Reads the keys of one page by keyset: a row comparison that an index answers at any depth, so page 20,000 costs what page 1 costs.
 *
 * Whether rows precede or follow is exact, also when the row that a cursor was made of is gone. One statement.
 */
export async function readPage(database: Queryable, source: PageSource, request: PageRequest): Promise<KeyPage> {
  const pages = await readPages(database, source, request, [{ id: 0n }]);
  return pages.get(0n) ?? { keys: [], hasNextPage: false, hasPreviousPage: false };
}

/** The same page of the list of each parent, in one statement for all of them. */
export async function readPages(
  database: Queryable,
  source: PageSource,
  request: PageRequest,
  parents: readonly PageParent[],
): Promise<ReadonlyMap<bigint, KeyPage>> {
  const order = orderAt(source.order, request);
  const reversed = request.backward !== (source.order.direction === 'DESC');
  const found = await database.query<KeyRow>(sql`
    SELECT parent.id AS parent, page.id, page.value::text AS value, ends.behind, ends.ahead
    FROM jsonb_to_recordset(${rows(parents.map((parent) => ({ ...parent, id: parent.id.toString() })))}::jsonb) AS parent(id bigint, "addressKey" uuid, "shortCode" text, run int)
    CROSS JOIN LATERAL (
      SELECT ${anyBeyond({ ...source, order }, request.after, 'behind')} AS behind, ${anyBeyond(source, request.before, 'ahead')} AS ahead
    ) ends
    LEFT JOIN LATERAL (
      SELECT c.id, ${source.order.by?.value ?? sql`NULL`} AS value
      FROM ${source.table} c
      WHERE ${source.where} ${within(source.order, request)}
      ORDER BY ${orderOf(order, reversed)}
      LIMIT ${request.size + 1}
    ) page ON true
    ORDER BY parent.id, page.value ${direction(reversed)}, page.id ${direction(reversed)}`);
  const byParent = new Map<bigint, KeyRow[]>();
  for (const row of found) {
    const known = byParent.get(row.parent);
    if (known) known.push(row);
    else byParent.set(row.parent, [row]);
  }
  return new Map([...byParent].map(([parent, keyRows]) => [parent, pageOf(keyRows, request)]));
}

/** The number of rows in the list: only where somebody asks for it. */
export async function countRows(database: Queryable, source: Omit<PageSource, 'order'>): Promise<number> {
  const [row] = await database.query<{ count: bigint }>(sql`SELECT count(*) AS count FROM ${source.table} c WHERE ${source.where}`);
  return Number(row?.count ?? 0n);
}

export function and(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? sql`true` : join(conditions, ' AND ');
}

function pageOf(found: readonly KeyRow[], { size, backward }: PageRequest): KeyPage {
  const keys = found.flatMap(({ id, value }) => (id === null ? [] : [{ id, value }]));
  const page = keys.slice(0, size);
  const more = keys.length > size;
  const { behind = false, ahead = false } = found[0] ?? {};
  return backward
    ? { keys: page.reverse(), hasNextPage: ahead, hasPreviousPage: more || behind }
    : { keys: page, hasNextPage: more || ahead, hasPreviousPage: behind };
}

function within(order: PageOrder, { after, before }: PageRequest): Sql {
  const ascending = order.direction === 'ASC';
  const lower = after ? sql` AND ${compare(order, ascending ? '>' : '<', after)}` : empty;
  const upper = before ? sql` AND ${compare(order, ascending ? '<' : '>', before)}` : empty;
  return sql`${lower}${upper}`;
}

/**
 * Is there a row at the cursor or beyond it, on the side that the page is not on? Asks for the nearest one by the list's index: with
 * EXISTS the planner reads the table from its start.
 */
function anyBeyond(source: PageSource, key: PageKey | null, side: 'behind' | 'ahead'): Sql {
  if (!key) return sql`false`;
  const smaller = (side === 'behind') === (source.order.direction === 'ASC');
  return sql`(SELECT c.id FROM ${source.table} c WHERE ${source.where} AND ${compare(source.order, smaller ? '<=' : '>=', key)}
    ORDER BY ${orderOf(source.order, smaller)} LIMIT 1) IS NOT NULL`;
}

/** The order for a page that may begin where its rows lie side by side. */
function orderAt(order: PageOrder, { after, backward }: PageRequest): PageOrder {
  const walkedAfter = order.sorted?.walkedAfter ?? null;
  if (walkedAfter === null || after === null || backward || after.id > walkedAfter) return order;
  const { sorted: _sorted, ...walked } = order;
  return walked;
}

function orderOf({ by, within: shared = [], sorted }: PageOrder, descending: boolean): Sql {
  const columns = [...shared, ...(by ? [by.value] : []), sorted ? sql`c.id + 0` : sql`c.id`];
  return join(columns.map((column) => sql`${column} ${direction(descending)}`));
}

function compare(order: PageOrder, operator: '<' | '>' | '<=' | '>=', { id, value }: PageKey): Sql {
  if (!order.by) return sql`c.id ${raw(operator)} ${id}`;
  return sql`(${order.by.value}, c.id) ${raw(operator)} (${value}::text::${raw(order.by.type)}, ${id}::bigint)`;
}

function direction(descending: boolean): Sql {
  return raw(descending ? 'DESC' : 'ASC');
}
