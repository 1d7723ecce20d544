import { GraphQLError } from 'graphql';
import { DomainError, InvalidInputError } from '../domain/errors.ts';

/**
 * The caller's mistake, in a sentence that says what to write instead.
 *
 * @param field path of the argument, such as `input.4711.address`: one bad item of ten thousand can be found by it
 */
export function badInput(message: string, field: string | null = null): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', ...(field === null ? {} : { field }) } });
}

/** Queries have no result unions: a refusal of the domain is a mistake in the arguments. */
export async function refusedAsBadInput<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw badInput(error.message, error instanceof InvalidInputError ? error.field : null);
  }
}
