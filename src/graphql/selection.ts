import { queryFromInfo } from '@pothos/plugin-prisma';
import type { GraphQLResolveInfo } from 'graphql';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Scope } from '../operations/scopes.ts';
import type { GraphQLContext } from './context.ts';
import { ownResult } from './own-results.ts';

/** What the operation selects of the object that a field answers with: to be spread into Prisma's query. */
export function selectionOf(context: GraphQLContext, info: GraphQLResolveInfo, typeName: string): object {
  return queryFromInfo({ context, info, typeName });
}

/** Reads what a mutation has changed, with what the operation selects of it, and shows it to whoever may make the change. */
export async function changed<T extends object>(
  { context, info, typeName, id, scope }: { context: GraphQLContext; info: GraphQLResolveInfo; typeName: string; id: bigint; scope: Scope },
  load: (prisma: PrismaClient, query: { where: { id: bigint } }) => Promise<T>,
): Promise<T> {
  const value = await load(context.instance.database.prisma, { ...selectionOf(context, info, typeName), where: { id } });
  return ownResult(value, scope);
}
