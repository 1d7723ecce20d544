import { createQuarantineEntry } from '../../operations/create-quarantine-entry.ts';
import { deleteQuarantineEntry } from '../../operations/delete-quarantine-entry.ts';
import { updateQuarantineEntry } from '../../operations/update-quarantine-entry.ts';
import { builder } from '../builder.ts';
import { ConflictErrorType, InvalidInputErrorType, NotFoundErrorType, orRefusal, resultUnion } from '../errors.ts';
import { decodeGlobalId, decodeOptionalId } from '../global-id.ts';
import { changed } from '../selection.ts';
import { Deleted } from './deleted.ts';
import { AddressStatusEnum, ChannelEnum, FailureReasonEnum } from './enums.ts';
import { actorOf } from './filter-inputs.ts';
import { QuarantineEntry } from './quarantine.ts';

const CreateQuarantineEntryInput = builder.inputType('CreateQuarantineEntryInput', {
  fields: (t) => ({
    channel: t.field({ type: ChannelEnum, required: true }),
    address: t.string({ required: true }),
    shortCode: t.string({ description: 'SMS only; absent = every short code.' }),
    status: t.field({ type: AddressStatusEnum, required: true, defaultValue: 'QUARANTINE' }),
    reason: t.field({ type: FailureReasonEnum }),
    errorCount: t.int(),
    errorText: t.string(),
    lastErrorAt: t.field({ type: 'DateTime' }),
    lastDeliveryId: t.id(),
  }),
});

const UpdateQuarantineEntryInput = builder.inputType('UpdateQuarantineEntryInput', {
  description: 'An absent field keeps, null clears.',
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedVersion: t.int({ description: 'Refused with ConflictError where the entry has moved on.' }),
    status: t.field({ type: AddressStatusEnum, description: 'VALID puts the counter to 0 unless `errorCount` names another figure.' }),
    reason: t.field({ type: FailureReasonEnum }),
    errorCount: t.int(),
    errorText: t.string(),
    lastErrorAt: t.field({ type: 'DateTime' }),
    lastDeliveryId: t.id(),
  }),
});

const CreateQuarantineEntryResult = resultUnion('CreateQuarantineEntryResult', 'The new entry.', QuarantineEntry, [
  ConflictErrorType,
  InvalidInputErrorType,
  NotFoundErrorType,
]);
const UpdateQuarantineEntryResult = resultUnion('UpdateQuarantineEntryResult', 'The entry as it is now.', QuarantineEntry, [
  NotFoundErrorType,
  ConflictErrorType,
  InvalidInputErrorType,
]);
const DeleteQuarantineEntryResult = resultUnion('DeleteQuarantineEntryResult', 'The entry is gone, its history stays.', Deleted, [
  NotFoundErrorType,
  InvalidInputErrorType,
]);

builder.mutationFields((t) => ({
  createQuarantineEntry: t.field({
    type: CreateQuarantineEntryResult,
    authScopes: { scope: 'quarantine:write' },
    args: { input: t.arg({ type: CreateQuarantineEntryInput, required: true }) },
    resolve: (_root, { input }, context, info) => {
      const lastDeliveryId = decodeOptionalId('Delivery', input.lastDeliveryId, 'input.lastDeliveryId');
      return orRefusal(async () => {
        const id = await createQuarantineEntry(context.instance, { ...input, lastDeliveryId }, actorOf(context));
        return changed({ context, info, typeName: 'QuarantineEntry', id, scope: 'quarantine:write' }, (prisma, query) =>
          prisma.quarantineEntry.findUniqueOrThrow(query),
        );
      });
    },
  }),
  updateQuarantineEntry: t.field({
    type: UpdateQuarantineEntryResult,
    authScopes: { scope: 'quarantine:write' },
    args: { input: t.arg({ type: UpdateQuarantineEntryInput, required: true }) },
    resolve: (_root, { input }, context, info) => {
      const id = decodeGlobalId('QuarantineEntry', input.id, 'input.id');
      const lastDeliveryId = decodeOptionalId('Delivery', input.lastDeliveryId, 'input.lastDeliveryId');
      return orRefusal(async () => {
        await updateQuarantineEntry(context.instance, { ...input, id, lastDeliveryId }, actorOf(context));
        return changed({ context, info, typeName: 'QuarantineEntry', id, scope: 'quarantine:write' }, (prisma, query) =>
          prisma.quarantineEntry.findUniqueOrThrow(query),
        );
      });
    },
  }),
  deleteQuarantineEntry: t.field({
    type: DeleteQuarantineEntryResult,
    description: 'Deletes the entry. Its ledger stays.',
    authScopes: { scope: 'quarantine:write' },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, args, context) =>
      orRefusal(async () => {
        await deleteQuarantineEntry(context.instance, decodeGlobalId('QuarantineEntry', args.id, 'id'), actorOf(context));
        return { id: args.id };
      }),
  }),
}));
