import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  getOperationAST,
  Kind,
  type ValueNode,
  visit,
} from 'graphql';
import type { GraphQLContext } from '../graphql/context.ts';
import { Broadcast, type Receiver } from '../live/broadcast.ts';
import { LedgerSubscription } from '../live/ledger-subscription.ts';
import { executeEvent, type ResultStream, resultsOf } from './subscribe-each.ts';

/** The result as the client may see it. */
export type Present = (result: ExecutionResult, requestId: string) => object;

/**
 * Runs subscriptions over sockets. Those on a ledger with the same document, variables and rights share one execution and one
 * serialisation of each update; `after` may differ, since it says only where a reader stands.
 */
export class SharedSubscriptions {
  readonly #present: Present;
  readonly #broadcasts = new Map<string, Broadcast>();
  readonly #onBytes: (bytes: number) => void;

  constructor(present: Present, onBytes: (bytes: number) => void = () => undefined) {
    this.#present = present;
    this.#onBytes = onBytes;
  }

  /** How many different executions are going on. */
  get size(): number {
    return this.#broadcasts.size;
  }

  /** @param source the text of the operation, which tells equal subscribers */
  async subscribe(args: ExecutionArgs, source: string, receiver: Receiver): Promise<ResultStream | ExecutionResult> {
    const events = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in events)) return events;
    if (!(events instanceof LedgerSubscription)) return resultsOf(args, events[Symbol.asyncIterator]());
    return this.#join(args, keyOf(args, source), events, receiver);
  }

  /** Updates go to the socket past this stream, which only ends with the subscription. */
  #join(args: ExecutionArgs, key: string, events: LedgerSubscription, receiver: Receiver): ResultStream {
    const broadcast = this.#broadcasts.get(key) ?? this.#open(args, key);
    const served = broadcast.join(events, receiver).finally(() => {
      if (broadcast.size === 0 && this.#broadcasts.get(key) === broadcast) this.#broadcasts.delete(key);
    });
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: async () => {
        await served;
        return { done: true, value: undefined };
      },
      return: async () => {
        await events.return();
        return { done: true, value: undefined };
      },
    };
  }

  #open(args: ExecutionArgs, key: string): Broadcast {
    const { requestId } = args.contextValue as GraphQLContext;
    const broadcast = new Broadcast(
      async (update) => Buffer.from(JSON.stringify(this.#present(await executeEvent(args, update), requestId))),
      this.#onBytes,
    );
    this.#broadcasts.set(key, broadcast);
    return broadcast;
  }
}

/** Two operations with one key have the same results. @param source text of the operation */
export function keyOf(args: ExecutionArgs, source: string): string {
  const { caller } = args.contextValue as GraphQLContext;
  const variables = { ...args.variableValues };
  const after = variableOfAfter(args);
  if (after !== undefined) delete variables[after];
  return JSON.stringify([source, args.operationName ?? null, variables, [...(caller?.scopes ?? [])].sort()]);
}

/** The variable that the operation passes as `after` and nowhere else; what it is used for elsewhere would show in the results. */
function variableOfAfter({ document, operationName }: ExecutionArgs): string | undefined {
  const [field] = getOperationAST(document, operationName)?.selectionSet.selections ?? [];
  if (field?.kind !== Kind.FIELD) return undefined;
  const value: ValueNode | undefined = field.arguments?.find((argument) => argument.name.value === 'after')?.value;
  if (value?.kind !== Kind.VARIABLE) return undefined;
  const name = value.name.value;
  return usesOf(name, document) === 1 ? name : undefined;
}

/** How often the document uses the variable, its definitions not counted. */
function usesOf(name: string, document: DocumentNode): number {
  let uses = 0;
  visit(document, {
    VariableDefinition: () => false,
    Variable: (variable) => {
      if (variable.name.value === name) uses += 1;
    },
  });
  return uses;
}
