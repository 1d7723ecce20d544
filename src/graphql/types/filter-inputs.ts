import type { Actor } from '../../operations/instance.ts';
import { badInput } from '../bad-input.ts';
import { builder } from '../builder.ts';
import type { GraphQLContext } from '../context.ts';

export const DateTimeRange = builder.inputType('DateTimeRange', {
  description: 'From one instant to another, both included. Either may be left out.',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', description: 'inclusive' }),
    to: t.field({ type: 'DateTime', description: 'inclusive' }),
  }),
});

export const StringFilter = builder.inputType('StringFilter', {
  description: 'All that are set must hold. Texts mean themselves: there are no wildcards.',
  fields: (t) => ({ eq: t.string(), contains: t.string(), startsWith: t.string() }),
});

/** The caller as the author of a change. */
export function actorOf({ caller }: GraphQLContext): Actor {
  if (!caller) throw new Error('a change was asked for without a caller: its field lacks a scope');
  return { name: caller.name, tokenId: caller.tokenId };
}

/** @throws BAD_USER_INPUT where a list of inputs is empty or too long */
export function checkBatch(items: readonly unknown[], most: number): void {
  if (items.length === 0) throw badInput('The list "input" is empty.');
  if (items.length > most) throw badInput(`The list "input" has ${items.length} items; at most ${most} are taken at a time.`);
}
