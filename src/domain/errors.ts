/**
 * Refusals. Each becomes a member of a mutation's result union: a stable code and a sentence that says what to do.
 * Anything else that is thrown is a fault and is masked.
 */
export abstract class DomainError extends Error {
  abstract readonly code: string;

  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

export class NotFoundError extends DomainError {
  readonly code: string = 'NOT_FOUND';
}

/** A unique key is taken, `expectedVersion` is stale, or `expectedCount` does not match. */
export class ConflictError extends DomainError {
  readonly code: string = 'CONFLICT';
}

/** The input has the right shape but breaks a rule; `field` is the path of the offending input field. */
export class InvalidInputError extends DomainError {
  readonly code: string = 'INVALID_INPUT';
  readonly field: string | null;

  constructor(message: string, field: string | null = null) {
    super(message);
    this.field = field;
  }
}

/** The object's state does not allow this. */
export class InvalidStateError extends DomainError {
  readonly code: string = 'INVALID_STATE';
}
