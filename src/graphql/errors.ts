import type { ObjectRef, UnionRef } from '@pothos/core';
import { ConflictError, DomainError, InvalidInputError, InvalidStateError, NotFoundError } from '../domain/errors.ts';
import { badInput } from './bad-input.ts';
import { builder, type SchemaTypes } from './builder.ts';

/** A refusal as an answer. No Error itself: GraphQL throws those, also where a resolver returns them. */
export class Refused {
  readonly type: RefusalName;
  readonly message: string;
  readonly code: string;
  readonly field: string | null;

  constructor(type: RefusalName, error: DomainError) {
    this.type = type;
    this.message = error.message;
    this.code = error.code;
    this.field = error instanceof InvalidInputError ? error.field : null;
  }
}

const ErrorInterface = builder.interfaceRef<Refused>('Error').implement({
  description: "What every refusal has. Each is a member of its mutation's result union.",
  fields: (t) => ({
    message: t.exposeString('message', { description: 'A sentence that says what is wrong and what to do.' }),
    code: t.exposeString('code', { description: 'Stable: NOT_FOUND, CONFLICT, INVALID_INPUT, INVALID_STATE.' }),
  }),
});

export const NotFoundErrorType = builder.objectRef<Refused>('NotFoundError').implement({
  description: 'There is no object with this id.',
  interfaces: [ErrorInterface],
});

export const ConflictErrorType = builder.objectRef<Refused>('ConflictError').implement({
  description: 'A unique key is taken, or the object has changed since it was read.',
  interfaces: [ErrorInterface],
});

export const InvalidInputErrorType = builder.objectRef<Refused>('InvalidInputError').implement({
  description: 'The input has the right shape but breaks a rule.',
  interfaces: [ErrorInterface],
  fields: (t) => ({ field: t.exposeString('field', { nullable: true, description: 'Path of the offending input field.' }) }),
});

export const InvalidStateErrorType = builder.objectRef<Refused>('InvalidStateError').implement({
  description: "The object's state does not allow this.",
  interfaces: [ErrorInterface],
});

const REFUSALS = { NotFoundError, ConflictError, InvalidInputError, InvalidStateError } as const;
type RefusalName = keyof typeof REFUSALS;
type RefusalType = typeof NotFoundErrorType;

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
      if (!(value instanceof Refused)) return success.name;
      if (!refusals.some((refusal) => refusal.name === value.type)) throw badInput(value.message);
      return value.type;
    },
  });
  return union as UnionRef<SchemaTypes, Shape | Refused>;
}

/** Runs a mutation: a refusal of the domain becomes the answer, everything else stays a fault. */
export async function orRefusal<T>(work: () => Promise<T>): Promise<T | Refused> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DomainError) return refused(error);
    throw error;
  }
}

/** The refusal as an answer. By class, not by its name: a bundler may rename classes. */
export function refused(error: DomainError): Refused {
  const names = Object.keys(REFUSALS) as RefusalName[];
  const type = names.find((name) => error instanceof REFUSALS[name]);
  if (!type) throw badInput(error.message);
  return new Refused(type, error);
}
