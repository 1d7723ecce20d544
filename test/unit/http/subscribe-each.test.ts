import { GraphQLInt, GraphQLObjectType, GraphQLSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { subscribeEach } from '../../../src/http/subscribe-each.ts';

test('each event of a subscription has a context of its own, so that nothing is kept of the events before', async () => {
  const contexts: object[] = [];
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { one: { type: GraphQLInt } } }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      fields: {
        counted: {
          type: GraphQLInt,
          subscribe: async function* () {
            yield* [1, 2, 3];
          },
          resolve: (event: number, _args, context: object) => {
            contexts.push(context);
            return event;
          },
        },
      },
    }),
  });
  const results = await subscribeEach({ schema, document: parse('subscription { counted }'), contextValue: { requestId: 'r' } });
  if (!(Symbol.asyncIterator in results)) throw new Error('the subscription was refused');
  const told: unknown[] = [];
  for await (const { data } of results) told.push(data?.counted);
  expect(told).toEqual([1, 2, 3]);
  expect(new Set(contexts).size).toBe(3);
  expect(contexts).toEqual([{ requestId: 'r' }, { requestId: 'r' }, { requestId: 'r' }]);
});
