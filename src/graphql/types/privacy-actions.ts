import { cancelErasure, confirmErasure } from '../../operations/confirm-erasure.ts';
import { createPrivacyRequest } from '../../operations/create-privacy-request.ts';
import type { Actor, Instance } from '../../operations/instance.ts';
import { type LiftedErasure, liftErasure } from '../../operations/lift-erasure.ts';
import { builder } from '../builder.ts';
import { InvalidInputErrorType, InvalidStateErrorType, NotFoundErrorType, orRefusal, resultUnion } from '../errors.ts';
import { decodeGlobalId } from '../global-id.ts';
import { changed } from '../selection.ts';
import { ChannelEnum } from './enums.ts';
import { actorOf } from './filter-inputs.ts';
import { PrivacyRegulationEnum, PrivacyRequest, PrivacyRequestTypeEnum, PrivacySubjectInput, subjectOf } from './privacy.ts';

const CreatePrivacyRequestInput = builder.inputType('CreatePrivacyRequestInput', {
  fields: (t) => ({
    regulation: t.field({ type: PrivacyRegulationEnum, required: true, defaultValue: 'GDPR' }),
    type: t.field({ type: PrivacyRequestTypeEnum, required: true }),
    subject: t.field({ type: PrivacySubjectInput, required: true }),
    singleStep: t.boolean({ required: true, defaultValue: false, description: 'true: erase at once, without `confirmErasure`.' }),
    eraseShared: t.boolean({
      required: true,
      defaultValue: false,
      description: 'true: erase and shut also addresses that other profiles hold too. By default these stay with the others.',
    }),
  }),
});

const LiftErasureBlockInput = builder.inputType('LiftErasureBlockInput', {
  description: 'An address with its channel, or an external id.',
  fields: (t) => ({ channel: t.field({ type: ChannelEnum }), address: t.string(), externalId: t.string() }),
});

const LiftedErasureType = builder.objectRef<LiftedErasure>('LiftedErasure').implement({
  description: 'What may be taken in again.',
  authScopes: { scope: 'admin' },
  fields: (t) => ({
    addresses: t.exposeStringList('addresses', { description: 'In their display form.' }),
    externalIds: t.exposeInt('externalIds', { description: 'External ids of the same person that may be used again.' }),
    stillShut: t.exposeBoolean('stillShut', {
      description: 'An entry that shut the address before the erasure, or a complaint, a STOP or an edit after it, still does.',
    }),
  }),
});

const CreatePrivacyRequestResult = resultUnion('CreatePrivacyRequestResult', 'The request, under way or to be confirmed.', PrivacyRequest, [
  InvalidInputErrorType,
  NotFoundErrorType,
]);
const ConfirmErasureResult = resultUnion('ConfirmErasureResult', 'The erasure, under way.', PrivacyRequest, [
  NotFoundErrorType,
  InvalidStateErrorType,
]);
const CancelErasureResult = resultUnion('CancelErasureResult', 'The request, which has erased nothing.', PrivacyRequest, [
  NotFoundErrorType,
  InvalidStateErrorType,
]);
const LiftErasureBlockResult = resultUnion('LiftErasureBlockResult', 'What may be taken in again.', LiftedErasureType, [
  NotFoundErrorType,
  InvalidInputErrorType,
  InvalidStateErrorType,
]);

builder.mutationFields((t) => {
  const confirmation = (
    act: (instance: Instance, id: bigint, actor: Actor) => Promise<bigint>,
    type: typeof ConfirmErasureResult,
    description: string,
  ) =>
    t.field({
      type,
      description,
      authScopes: { scope: 'admin' },
      args: { id: t.arg.id({ required: true }) },
      resolve: (_root, args, context, info) =>
        orRefusal(async () => {
          const id = await act(context.instance, decodeGlobalId('PrivacyRequest', args.id, 'id'), actorOf(context));
          return changed({ context, info, typeName: 'PrivacyRequest', id, scope: 'admin' }, (prisma, query) =>
            prisma.privacyRequest.findUniqueOrThrow(query),
          );
        }),
    });
  return {
    createPrivacyRequest: t.field({
      type: CreatePrivacyRequestResult,
      description:
        "Takes a person's request for access or erasure. The work goes on behind the answer and survives a restart; an erasure waits for " +
        '`confirmErasure` unless `singleStep` says otherwise.',
      authScopes: { scope: 'admin' },
      args: { input: t.arg({ type: CreatePrivacyRequestInput, required: true }) },
      resolve: (_root, { input }, context, info) =>
        orRefusal(async () => {
          const request = { ...input, subject: subjectOf(input.subject, 'input.subject') };
          const id = await createPrivacyRequest(context.instance, request, actorOf(context));
          return changed({ context, info, typeName: 'PrivacyRequest', id, scope: 'admin' }, (prisma, query) =>
            prisma.privacyRequest.findUniqueOrThrow(query),
          );
        }),
    }),
    confirmErasure: confirmation(confirmErasure, ConfirmErasureResult, 'The second step of an erasure. It cannot be taken back.'),
    cancelErasure: confirmation(cancelErasure, CancelErasureResult, 'Drops an erasure that waits for its confirmation.'),
    liftErasureBlock: t.field({
      type: LiftErasureBlockResult,
      description: 'Lets somebody back who was erased and has come back of their own will. What was erased stays erased.',
      authScopes: { scope: 'admin' },
      args: { input: t.arg({ type: LiftErasureBlockInput, required: true }) },
      resolve: (_root, { input }, context) => orRefusal(() => liftErasure(context.instance, input, actorOf(context))),
    }),
  };
});
