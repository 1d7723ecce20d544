import type { Scope } from '../operations/scopes.ts';

const shownUnder = new WeakMap<object, Scope>();

/**
 * Whoever may make a change is shown its result, also without the scope that reads such objects: the answer of a mutation that was carried
 * out must not be FORBIDDEN. Holds for this very object, not for what it refers to.
 */
export function ownResult<T extends object>(value: T, scope: Scope): T {
  shownUnder.set(value, scope);
  return value;
}

export function isOwnResult(value: unknown, ...scopes: readonly Scope[]): boolean {
  const scope = value instanceof Object ? shownUnder.get(value) : undefined;
  return scope !== undefined && (scopes.length === 0 || scopes.includes(scope));
}

/**
 * Who may read a value: who holds the scope, and whoever is shown it as the result of their own change (under one of these scopes, or any).
 * The scope is one object for all values, so that it is evaluated once an operation.
 */
export function ownOr(scope: Scope, ...under: readonly Scope[]): (value: object) => true | { scope: Scope } {
  const wanted = { scope };
  return (value) => isOwnResult(value, ...under) || wanted;
}
