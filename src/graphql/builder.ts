import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import PrismaPlugin from '@pothos/plugin-prisma';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import { GraphQLError } from 'graphql';
import type PrismaTypes from '../generated/pothos/types.ts';
import { getDatamodel } from '../generated/pothos/types.ts';
import { mayUse, type Scope } from '../operations/scopes.ts';
import type { GraphQLContext } from './context.ts';
import { DateTimeScalar } from './date-time.ts';

const DEPTH_MAX = 12;
const COST_MAX = 10_000;
const PAGE_DEFAULT = 20;
const PAGE_MAX = 100;

/**
 * Scopes stand on types, so that `node`, nested fields and subscriptions are covered alike; they are checked where a value of the type
 * is about to be shown (`runScopesOnType`), so that a nullable reference is null with FORBIDDEN at its own path.
 */
export const builder = new SchemaBuilder<{
  Context: GraphQLContext;
  PrismaTypes: PrismaTypes;
  Scalars: { DateTime: { Input: Date; Output: Date }; ID: { Input: string; Output: string } };
  AuthScopes: { scope: Scope; signedIn: boolean };
  DefaultFieldNullability: false;
}>({
  plugins: [ScopeAuthPlugin, ComplexityPlugin, PrismaPlugin],
  defaultFieldNullability: false,
  scopeAuth: {
    authScopes: ({ caller }) => ({
      signedIn: caller !== null,
      scope: (wanted) => caller !== null && mayUse(caller.scopes, wanted),
    }),
    runScopesOnType: true,
    authorizeOnSubscribe: true,
    unauthorizedError: (_parent, context) => notAllowed(context),
  },
  complexity: {
    limit: { depth: DEPTH_MAX, complexity: COST_MAX },
    fieldComplexity: (args, _context, field) => ({
      field: 1,
      multiplier: field.args.some(({ name }) => name === 'first') ? pageSize(args) : 1,
    }),
    complexityError: (kind, { depth, complexity }) =>
      new GraphQLError(
        kind === 'Depth'
          ? `The operation is ${depth} levels deep; at most ${DEPTH_MAX} are allowed.`
          : `The operation would cost ${complexity}; at most ${COST_MAX} is allowed. Ask for smaller pages or fewer fields.`,
        { extensions: { code: 'TOO_COMPLEX' } },
      ),
  },
  prisma: {
    client: ({ instance }) => instance.database.prisma,
    dmmf: getDatamodel(),
    exposeDescriptions: true,
  },
});

export type SchemaTypes = typeof builder.$inferSchemaTypes;

builder.addScalarType('DateTime', DateTimeScalar);
builder.queryType({});
builder.mutationType({});

function notAllowed({ caller }: GraphQLContext): GraphQLError {
  return caller
    ? new GraphQLError('The token lacks the scope for this.', { extensions: { code: 'FORBIDDEN' } })
    : new GraphQLError('Send a token: Authorization: Bearer lzt_...', { extensions: { code: 'UNAUTHENTICATED' } });
}

/** A list costs its page; sizes outside of the limits are refused by the field itself, with a better sentence. */
function pageSize(args: Record<string, unknown>): number {
  const size = args.first ?? args.last;
  return typeof size === 'number' ? Math.min(Math.max(size, 1), PAGE_MAX) : PAGE_DEFAULT;
}
