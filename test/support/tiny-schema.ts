import { GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { NotFoundError } from '../../src/domain/errors.ts';

/** What a fault says; nothing of it may reach the caller. */
export const SECRET = 'relation "profile" of jo@example.com';

const Deep: GraphQLObjectType = new GraphQLObjectType({
  name: 'Deep',
  fields: () => ({
    name: { type: GraphQLString, resolve: () => 'deep' },
    deep: { type: Deep, resolve: () => ({}) },
    page: {
      type: new GraphQLList(Deep),
      args: { first: { type: GraphQLInt } },
      resolve: () => [{}],
      extensions: { complexity: ({ first }: { first?: number }) => ({ field: 1, multiplier: first ?? 20 }) },
    },
  }),
});

/** A stream that a test ends by leaving: `next` waits for ever after the first tick. */
function ticks() {
  let told = false;
  let leave = () => {};
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => {
      if (told)
        await new Promise<void>((resolve) => {
          leave = resolve;
        });
      const value = { done: told, value: { ticks: 1 } };
      told = true;
      return value;
    },
    return: async () => {
      leave();
      return { done: true, value: undefined };
    },
  };
}

/** A schema for tests of the server itself. */
export const tinySchema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: {
      hello: { type: GraphQLString, resolve: () => 'hello' },
      caller: { type: GraphQLString, resolve: (_root, _args, context: { caller: { name: string } }) => context.caller.name },
      echo: { type: GraphQLString, args: { text: { type: new GraphQLNonNull(GraphQLString) } }, resolve: (_root, { text }) => text },
      boom: {
        type: GraphQLString,
        resolve: () => {
          throw new Error(SECRET);
        },
      },
      wrongShape: { type: GraphQLInt, resolve: () => 'no number' },
      refused: {
        type: GraphQLString,
        resolve: () => {
          throw new NotFoundError('There is no such thing.');
        },
      },
      deep: { type: Deep, resolve: () => ({}) },
    },
  }),
  mutation: new GraphQLObjectType({ name: 'Mutation', fields: { change: { type: GraphQLString, resolve: () => 'changed' } } }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      ticks: { type: GraphQLInt, subscribe: ticks },
      boom: {
        type: GraphQLInt,
        subscribe: () => {
          throw new Error(SECRET);
        },
      },
    },
  }),
});
