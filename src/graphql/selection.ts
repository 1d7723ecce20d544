import { queryFromInfo } from '@pothos/plugin-prisma';
import type { GraphQLResolveInfo } from 'graphql';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Scope } from '../operations/scopes.ts';
import { batched } from './batch.ts';
import type { GraphQLContext } from './context.ts';
import { ownResult } from './own-results.ts';

/** What the operation selects of the object that a field answers with: to be spread into Prisma's query. */
export function selectionOf(context: GraphQLContext, info: GraphQLResolveInfo, typeName: string): object {
  return queryFromInfo({ context, info, typeName });
}

/** The object with this id, with what the operation selects of it: one statement for all siblings of the field; null where there is none. */
export function nodeById<Node extends { id: bigint }>(
  { context, info, typeName }: { context: GraphQLContext; info: GraphQLResolveInfo; typeName: string },
  id: bigint | null,
  load: (prisma: PrismaClient, query: { where: { id: { in: bigint[] } } }) => Promise<Node[]>,
): Promise<Node | null> | null {
  if (id === null) return null;
  return batched(context, `${typeName} ${responsePath(info)}`, id, async (ids) => {
    const query = { ...selectionOf(context, info, typeName), where: { id: { in: [...new Set(ids)] } } };
    const nodes = new Map((await load(context.instance.database.prisma, query)).map((node) => [node.id, node]));
    return (wanted: bigint) => nodes.get(wanted) ?? null;
  });
}

/** The fields' names from the root, without places in lists: equal for all siblings of a field, and for nothing else. */
export function responsePath(info: GraphQLResolveInfo): string {
  const names: string[] = [];
  for (let at: typeof info.path | undefined = info.path; at; at = at.prev) {
    if (typeof at.key === 'string') names.push(`${at.typename}.${at.key}`);
  }
  return names.reverse().join('/');
}

/** Reads what a mutation has changed, with what the operation selects of it, and shows it to whoever may make the change. */
export async function changed<T extends object>(
  { context, info, typeName, id, scope }: { context: GraphQLContext; info: GraphQLResolveInfo; typeName: string; id: bigint; scope: Scope },
  load: (prisma: PrismaClient, query: { where: { id: bigint } }) => Promise<T>,
): Promise<T> {
  const value = await load(context.instance.database.prisma, { ...selectionOf(context, info, typeName), where: { id } });
  return ownResult(value, scope);
}
