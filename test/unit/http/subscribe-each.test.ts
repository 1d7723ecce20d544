import { buildSchema, GraphQLError, parse } from 'graphql';
import { expect, test } from 'vitest';
import { executeEvent } from '../../../src/http/subscribe-each.ts';

const schema = buildSchema('type Query { a: Int } type Subscription { update: Update! } type Update { cursor: String! detail: String }');
const args = (selection: string) => ({ schema, document: parse(`subscription { update { ${selection} } }`), contextValue: {} });
const fails = () => {
  throw new GraphQLError('the database does not answer');
};

test('an update of which nothing can be shown ends the subscription instead of passing without its cursor', async () => {
  await expect(executeEvent(args('cursor'), { update: { cursor: fails } })).rejects.toThrow('the database does not answer');
});

test('an update of which a part cannot be shown passes with its cursor and the error', async () => {
  const result = await executeEvent(args('cursor detail'), { update: { cursor: 'c', detail: fails } });
  expect(result.data).toEqual({ update: { cursor: 'c', detail: null } });
  expect(result.errors?.map(({ path }) => path)).toEqual([['update', 'detail']]);
});
