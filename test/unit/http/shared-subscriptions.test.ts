import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { keyOf } from '../../../src/http/shared-subscriptions.ts';

const PLAIN = 'subscription ($after: String) { quarantineUpdated(after: $after) { cursor } }';
const ECHO = `subscription ($after: String) { quarantineUpdated(after: $after) { ...Event } }
  fragment Event on QuarantineUpdate { event { history(filter: { text: $after }) { id } } }`;
const ALSO_FILTER = 'subscription ($after: String) { quarantineUpdated(filter: { address: { eq: $after } }, after: $after) { cursor } }';

const key = (source: string, variables: object, scopes = ['logs:read']) =>
  keyOf({ schema: null as never, document: parse(source), variableValues: { ...variables }, contextValue: { caller: { scopes } } }, source);

test('where a reader stands does not tell subscribers apart', () => {
  expect(key(PLAIN, { after: 'one' })).toBe(key(PLAIN, { after: 'two' }));
  expect(key(PLAIN, { after: 'one' })).not.toBe(key(PLAIN, { after: 'one' }, ['admin']));
});

test.each([
  ['in a fragment', ECHO],
  ['in the filter', ALSO_FILTER],
])('a variable that is passed as `after` and used %s as well tells them apart', (_where, source) => {
  expect(key(source, { after: 'one' })).not.toBe(key(source, { after: 'two' }));
  expect(key(source, { after: 'one' })).toBe(key(source, { after: 'one' }));
});
