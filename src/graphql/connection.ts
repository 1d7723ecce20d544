import type { ObjectRef } from '@pothos/core';
import { queryFromInfo } from '@pothos/plugin-prisma';
import type { GraphQLResolveInfo } from 'graphql';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Scope } from '../operations/scopes.ts';
import { hasSqlState, type Sql } from '../store/database.ts';
import {
  countRows,
  type KeyPage,
  NEWEST_FIRST,
  type PageOrder,
  type PageParent,
  type PageRequest,
  readPage,
  readPages,
} from '../store/page.ts';
import { badInput } from './bad-input.ts';
import { batched } from './batch.ts';
import { builder, type SchemaTypes } from './builder.ts';
import type { GraphQLContext } from './context.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { responsePath } from './selection.ts';

const PAGE_DEFAULT = 20;
const PAGE_MAX = 100;
const QUERY_CANCELLED = '57014';

export interface PageArguments {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}

interface PageInfoShape {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor: string | null;
  endCursor: string | null;
}

interface EdgeShape<Node> {
  node: Node;
  cursor: string;
}

export interface ConnectionShape<Node> {
  edges: EdgeShape<Node>[];
  pageInfo: PageInfoShape;
  countAll: () => Promise<number>;
}

const PageInfo = builder.objectRef<PageInfoShape>('PageInfo').implement({
  description: 'Where a page of a list begins and ends.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'More follows behind this page.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', { description: 'Something precedes this page.' }),
    startCursor: t.exposeString('startCursor', { nullable: true, description: 'Cursor of the first row; null on an empty page.' }),
    endCursor: t.exposeString('endCursor', { nullable: true, description: 'Cursor of the last row; null on an empty page.' }),
  }),
});

/** The connection and edge types of a list of `node`. */
export function connectionType<Node extends object>(
  node: ObjectRef<SchemaTypes, Node, Node>,
  scope: Scope,
  options: { totalCount?: true } = {},
) {
  const edge = builder.objectRef<EdgeShape<Node>>(`${node.name}Edge`);
  edge.implement({
    description: `One ${node.name} of a list and its place there.`,
    authScopes: { scope },
    fields: (t) => ({
      node: t.field({ type: node, resolve: (value) => value.node as never }),
      cursor: t.exposeString('cursor', { description: 'For the arguments after and before.' }),
    }),
  });
  const connection = builder.objectRef<ConnectionShape<Node>>(`${node.name}Connection`);
  connection.implement({
    description: `A page of a list of ${node.name}.`,
    authScopes: { scope },
    fields: (t) => ({
      edges: t.field({ type: [edge], resolve: ({ edges }) => edges }),
      pageInfo: t.field({ type: PageInfo, resolve: ({ pageInfo }) => pageInfo }),
      ...(options.totalCount && {
        totalCount: t.int({
          description: 'Rows in the whole list. Counted only where it is asked for.',
          resolve: ({ countAll }) => countAll(),
        }),
      }),
    }),
  });
  return connection;
}

export const forwardArgs = builder.args((t) => ({
  first: t.int({ description: `Page size, 1 to ${PAGE_MAX}; ${PAGE_DEFAULT} where it is absent.` }),
  after: t.string({ description: 'Cursor of the row after which the page begins.' }),
}));

export const pageArgs = {
  ...forwardArgs,
  ...builder.args((t) => ({
    last: t.int({ description: 'The last rows instead of the first ones: page size, 1 to 100.' }),
    before: t.string({ description: 'Cursor of the row before which the page ends.' }),
  })),
};

interface Listing<Node> {
  readonly context: GraphQLContext;
  readonly info: GraphQLResolveInfo;
  readonly args: PageArguments;
  /** Name of the list, with its order: cursors of one are refused by another. */
  readonly list: string;
  readonly table: Sql;
  readonly where: Sql;
  readonly order?: PageOrder;
  readonly load: (prisma: PrismaClient, query: { where: { id: { in: bigint[] } } }) => Promise<Node[]>;
}

/** A page of a root list: two statements at any page size, and one before them where a filter ends in the past (`timeWalk`). */
export async function listNodes<Node extends { id: bigint }>(listing: Listing<Node>): Promise<ConnectionShape<Node>> {
  const { database } = listing.context.instance;
  const source = { table: listing.table, where: listing.where, order: listing.order ?? NEWEST_FIRST };
  const page = await inTime(readPage(database, source, pageRequest(listing.list, listing.args)));
  const nodes = await loadNodes(
    listing,
    page.keys.map(({ id }) => id),
  );
  return connectionOf(listing.list, page, nodes, () => inTime(countRows(database, source)));
}

/** Resolves a list that takes no filter. */
export function resolveList<Node extends { id: bigint }>(what: Omit<Listing<Node>, 'context' | 'info' | 'args'>) {
  return (_root: unknown, args: PageArguments, context: GraphQLContext, info: GraphQLResolveInfo) =>
    listNodes({ ...what, context, info, args });
}

/** The same page of the list of every parent that is shown: two statements for all of them. */
export function listNestedNodes<Node extends { id: bigint }>(listing: Listing<Node>, parent: PageParent): Promise<ConnectionShape<Node>> {
  const source = { table: listing.table, where: listing.where, order: listing.order ?? NEWEST_FIRST };
  const request = pageRequest(listing.list, listing.args);
  return batched(listing.context, `${listing.list} ${responsePath(listing.info)}`, parent, async (parents) => {
    const unique = [...new Map(parents.map((one) => [one.id, one])).values()];
    const pages = await inTime(readPages(listing.context.instance.database, source, request, unique));
    const nodes = await loadNodes(
      listing,
      [...pages.values()].flatMap(({ keys }) => keys.map(({ id }) => id)),
    );
    return ({ id }: PageParent) => {
      const page = pages.get(id) ?? { keys: [], hasNextPage: false, hasPreviousPage: false };
      return connectionOf(listing.list, page, nodes, () => Promise.resolve(0));
    };
  });
}

/** @throws BAD_USER_INPUT with a sentence that names the limit */
export function pageRequest(list: string, { first, after, last, before }: PageArguments): PageRequest {
  if (isGiven(first) && isGiven(last)) throw badInput('Give "first" or "last", not both.');
  const size = first ?? last ?? PAGE_DEFAULT;
  const name = isGiven(last) ? 'last' : 'first';
  if (size < 1 || size > PAGE_MAX)
    throw badInput(`The argument "${name}" is a number from 1 to ${PAGE_MAX}; a longer list is read in several pages.`);
  return {
    size,
    backward: isGiven(last),
    after: isGiven(after) ? decodeCursor(list, after, 'after') : null,
    before: isGiven(before) ? decodeCursor(list, before, 'before') : null,
  };
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

/** What the statement timeout ends was asked too widely. */
async function inTime<T>(reading: Promise<T>): Promise<T> {
  return reading.catch((error: unknown) => {
    throw hasSqlState(error, QUERY_CANCELLED) ? badInput('The list takes too long to read with this filter: narrow it.') : error;
  });
}

async function loadNodes<Node extends { id: bigint }>({ context, info, load }: Listing<Node>, ids: bigint[]): Promise<Map<bigint, Node>> {
  if (ids.length === 0) return new Map();
  const query = queryFromInfo({ context, info, path: ['edges', 'node'] });
  const nodes = await load(context.instance.database.prisma, { ...query, where: { id: { in: ids } } });
  return new Map(nodes.map((node) => [node.id, node]));
}

/** A row that was deleted between the two statements is left out. */
function connectionOf<Node>(
  list: string,
  page: KeyPage,
  nodes: ReadonlyMap<bigint, Node>,
  countAll: () => Promise<number>,
): ConnectionShape<Node> {
  const edges = page.keys.flatMap((key) => {
    const node = nodes.get(key.id);
    return node === undefined ? [] : [{ node, cursor: encodeCursor(list, key) }];
  });
  const { hasNextPage, hasPreviousPage } = page;
  const pageInfo = { hasNextPage, hasPreviousPage, startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null };
  return { edges, pageInfo, countAll };
}
