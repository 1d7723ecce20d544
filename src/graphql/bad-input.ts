import { GraphQLError } from 'graphql';
import { DomainError } from '../domain/errors.ts';

/** The caller's mistake, in a sentence that says what to write instead. */
export function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}

/** Queries have no result unions: a refusal of the domain is a mistake in the arguments. */
export async function refusedAsBadInput<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof DomainError ? badInput(error.message) : error;
  }
}
