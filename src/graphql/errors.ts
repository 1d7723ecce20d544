import type { ObjectRef, UnionRef } from '@pothos/core';
import { ConflictError, DomainError, InvalidInputError, InvalidStateError, NotFoundError } from '../domain/errors.ts';
import { badInput } from './bad-input.ts';
import { builder, type SchemaTypes } from './builder.ts';

const ErrorInterface = builder.interfaceRef<DomainError>('Error').implement({
  description: "What every refusal has. Each is a member of its mutation's result union.",
  fields: (t) => ({
    message: t.exposeString('message', { description: 'A sentence that says what is wrong and what to do.' }),
    code: t.exposeString('code', { description: 'Stable: NOT_FOUND, CONFLICT, INVALID_INPUT, INVALID_STATE.' }),
  }),
});

export const NotFoundErrorType = builder.objectType(NotFoundError, {
  name: 'NotFoundError',
  description: 'There is no object with this id.',
  interfaces: [ErrorInterface],
});

export const ConflictErrorType = builder.objectType(ConflictError, {
  name: 'ConflictError',
  description: 'A unique key is taken, or the object has changed since it was read.',
  interfaces: [ErrorInterface],
});

export const InvalidInputErrorType = builder.objectType(InvalidInputError, {
  name: 'InvalidInputError',
  description: 'The input has the right shape but breaks a rule.',
  interfaces: [ErrorInterface],
  fields: (t) => ({ field: t.exposeString('field', { nullable: true, description: 'Path of the offending input field.' }) }),
});

export const InvalidStateErrorType = builder.objectType(InvalidStateError, {
  name: 'InvalidStateError',
  description: "The object's state does not allow this.",
  interfaces: [ErrorInterface],
});

const REFUSALS = {
  NotFoundError: NotFoundErrorType,
  ConflictError: ConflictErrorType,
  InvalidInputError: InvalidInputErrorType,
  InvalidStateError: InvalidStateErrorType,
};
type RefusalType = (typeof REFUSALS)[keyof typeof REFUSALS];
export type Refusal = NotFoundError | ConflictError | InvalidInputError | InvalidStateError;

/**
 * The result of a mutation: what it made, or one of the refusals that it names. A refusal that the union does not name is shown as
 * a mistake in the arguments.
 */
export function resultUnion<Shape extends object>(
  name: string,
  description: string,
  success: ObjectRef<SchemaTypes, Shape, Shape>,
  refusals: readonly RefusalType[],
) {
  const union = builder.unionType(name, {
    description,
    types: [success, ...refusals],
    resolveType: (value: unknown) => {
      if (!(value instanceof DomainError)) return success.name;
      if (!refusals.some((refusal) => refusal.name === value.name)) throw badInput(value.message);
      return value.name;
    },
  });
  return union as UnionRef<SchemaTypes, Shape | Refusal>;
}

/** Runs a mutation: a refusal of the domain becomes the answer, everything else stays a fault. */
export async function orRefusal<T>(work: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DomainError) return error as Refusal;
    throw error;
  }
}
