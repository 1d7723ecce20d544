import { InvalidStateError, NotFoundError } from '../domain/errors.ts';
import { refusedConfirmation } from '../domain/privacy/privacy-request.ts';
import type { Queryable } from '../store/database.ts';
import { confirmPrivacyRequest, lockPrivacyRequest, refusePrivacyRequest } from '../store/privacy-requests.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';
import { type PrivacyRunOptions, startPrivacyRequest } from './run-privacy-request.ts';

/**
 * The second step of an erasure: from here on it is done and cannot be taken back.
 *
 * @returns the request's id
 * @throws NotFoundError, InvalidStateError where it waits for no confirmation or its time has passed
 */
export async function confirmErasure(instance: Instance, id: bigint, actor: Actor, options: PrivacyRunOptions = {}): Promise<bigint> {
  const at = instance.now();
  await instance.database.transaction(async (tx) => {
    await lockWaiting(tx, id, 'confirmed', at);
    await confirmPrivacyRequest(tx, id, at);
    await recordAudit(tx, actor, 'privacy.confirm', `PrivacyRequest ${id}`, {}, at);
  });
  startPrivacyRequest(instance, id, options);
  return id;
}

/**
 * Drops an erasure that nobody has confirmed yet: nothing is erased.
 *
 * @throws NotFoundError, InvalidStateError as `confirmErasure`
 */
export async function cancelErasure(instance: Instance, id: bigint, actor: Actor): Promise<bigint> {
  const at = instance.now();
  await instance.database.transaction(async (tx) => {
    await lockWaiting(tx, id, 'cancelled', at);
    await refusePrivacyRequest(tx, id, 'The request was cancelled before it was confirmed: nothing was erased.', at);
    await recordAudit(tx, actor, 'privacy.cancel', `PrivacyRequest ${id}`, {}, at);
  });
  return id;
}

async function lockWaiting(tx: Queryable, id: bigint, what: 'confirmed' | 'cancelled', at: Date): Promise<void> {
  const request = await lockPrivacyRequest(tx, id);
  if (request === null) throw new NotFoundError('There is no privacy request with this id.');
  const refusal = refusedConfirmation(request, what, at);
  if (refusal !== null) throw new InvalidStateError(refusal);
}
