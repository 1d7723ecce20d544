import { InvalidInputError } from '../domain/errors.ts';
import type { QuarantineState } from '../domain/quarantine/quarantine-state.ts';
import type { AddressStatus } from '../domain/vocabulary.ts';
import type { ErasedKeys } from './mask-erased.ts';

export const ERASED_ENTRY =
  'This address was erased because the person asked for it: its entry stays shut. If the person has come back of their own will, an administrator lifts the block of the erasure with liftErasureBlock.';

/** Does an entry of this status keep its address from being written to? */
export function isShut(status: AddressStatus): boolean {
  return status === 'DENYLISTED' || status === 'QUARANTINE';
}

/**
 * A person's edit does not open an erased address in passing, nor write about the person again.
 *
 * @throws InvalidInputError with the field
 */
export function checkErasedEdit(erased: ErasedKeys, { addressKey }: { readonly addressKey: string }, next: QuarantineState): void {
  if (!erased.has(addressKey)) return;
  if (!isShut(next.status)) throw new InvalidInputError(ERASED_ENTRY, 'status');
  if (next.errorText) throw new InvalidInputError('This address was erased: nothing is written about it any more.', 'errorText');
}
