import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute } from 'graphql';
import type { GraphQLContext } from '../graphql/context.ts';

export type ResultStream = AsyncIterableIterator<ExecutionResult>;

/**
 * Executes one event of a subscription in a context of its own: loaders and the checks of scopes keep what they have seen for as long as
 * their context lives, and a subscription may live for weeks.
 *
 * @throws what failed, where nothing of the event can be shown: a result without its cursor would be an update lost. The subscription
 * ends with the error, and the client resumes after its last update.
 */
export async function executeEvent(args: ExecutionArgs, event: unknown): Promise<ExecutionResult> {
  const result = await execute({ ...args, rootValue: event, contextValue: { ...(args.contextValue as GraphQLContext) } });
  const [error] = result.errors ?? [];
  if (!result.data && error) throw error;
  return result;
}

/** The results of a stream of events, each executed when it is asked for. */
export function resultsOf(args: ExecutionArgs, events: AsyncIterator<unknown>): ResultStream {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => {
      const { done, value } = await events.next();
      return done ? { done: true, value: undefined } : { done: false, value: await executeEvent(args, value) };
    },
    return: async () => {
      await events.return?.();
      return { done: true, value: undefined };
    },
  };
}

/** A subscription that shares nothing with others. */
export async function subscribeEach(args: ExecutionArgs): Promise<ResultStream | ExecutionResult> {
  const events = await createSourceEventStream(args);
  return Symbol.asyncIterator in events ? resultsOf(args, events[Symbol.asyncIterator]()) : events;
}
