import { DAY_MS } from '../domain/settings/settings.ts';
import type { PrivacyRegulation, PrivacyRequestType } from '../domain/vocabulary.ts';
import { insertPrivacyRequest } from '../store/privacy-requests.ts';
import { nameSubject, type PrivacySubjectInput } from './find-privacy-subject.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';
import { type PrivacyRunOptions, startPrivacyRequest } from './run-privacy-request.ts';

export interface CreatePrivacyRequestInput {
  readonly regulation: PrivacyRegulation;
  readonly type: PrivacyRequestType;
  readonly subject: PrivacySubjectInput;
  /** Erase at once, without a confirmation. */
  readonly singleStep?: boolean | null | undefined;
  /** Erase also what other profiles hold too. */
  readonly eraseShared?: boolean | null | undefined;
}

/**
 * Takes a person's request for access to what is kept about them, or for its erasure (RET-2). The file is gathered, and the erasure done,
 * behind the answer, and both survive a restart. An erasure waits for its confirmation for `privacyConfirmation` days unless one step is asked
 * for.
 *
 * The audit trail says that there was a request and never whom it names.
 *
 * @returns the request's id
 * @throws InvalidInputError with the field, NotFoundError where there is no such profile
 */
export async function createPrivacyRequest(
  instance: Instance,
  input: CreatePrivacyRequestInput,
  actor: Actor,
  options: PrivacyRunOptions = {},
): Promise<bigint> {
  const { regulation, type } = input;
  const at = instance.now();
  const { namespace, value, addresses, profileId } = await nameSubject(instance.database, await instance.addressBook(), input.subject);
  const { privacyConfirmation } = await instance.settings();
  const waits = type === 'DELETE' && input.singleStep !== true;
  const id = await instance.database.transaction(async (tx) => {
    const made = await insertPrivacyRequest(tx, {
      regulation,
      type,
      status: type === 'ACCESS' ? 'NEW' : waits ? 'DELETE_CONFIRMATION_PENDING' : 'DELETE_PENDING',
      namespace,
      value,
      addressKeys: addresses.map(({ addressKey }) => addressKey),
      profileId,
      eraseShared: input.eraseShared === true,
      actor: actor.name,
      confirmBefore: waits ? new Date(at.getTime() + privacyConfirmation * DAY_MS) : null,
      at,
    });
    await recordAudit(tx, actor, 'privacy.request', `PrivacyRequest ${made}`, { regulation, type, namespace, singleStep: !waits }, at);
    return made;
  });
  if (!waits) startPrivacyRequest(instance, id, options);
  return id;
}
