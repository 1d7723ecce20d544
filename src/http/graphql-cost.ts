import { complexityFromQuery } from '@pothos/plugin-complexity';
import { type DocumentNode, type GraphQLError, type GraphQLSchema, getOperationAST, Kind } from 'graphql';
import { COST_MAX, tooComplex } from './document-limits.ts';

/** What is about to be executed. */
export interface Operation {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
  readonly contextValue?: object;
}

/** What an operation would cost, by the costs that stand on the schema's fields: a connection multiplies what is in it by its page. */
export function checkCost(operation: Operation): GraphQLError | null {
  const chosen = getOperationAST(operation.document, operation.operationName);
  if (!chosen) return null;
  const fragments = operation.document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  const cost = costOf({ kind: Kind.DOCUMENT, definitions: [chosen, ...fragments] }, operation);
  if (cost <= COST_MAX) return null;
  return tooComplex(`The operation would cost ${Math.ceil(cost)}; at most ${COST_MAX} is allowed. Ask for smaller pages or fewer fields.`);
}

/** Variables that do not fit are left to the execution, which says what is wrong with them. */
function costOf(document: DocumentNode, { schema, variableValues, contextValue }: Operation): number {
  try {
    return complexityFromQuery(document, { schema, variables: { ...variableValues }, ctx: contextValue ?? {} }).complexity;
  } catch {
    return 0;
  }
}
