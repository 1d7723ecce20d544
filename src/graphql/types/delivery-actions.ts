import { createDelivery } from '../../operations/create-delivery.ts';
import { type DeliveryCounters as CountersShape, deliveryCounters } from '../../operations/delivery-counters.ts';
import type { Actor, Instance } from '../../operations/instance.ts';
import { pauseDelivery } from '../../operations/pause-delivery.ts';
import { prepareDelivery } from '../../operations/prepare-delivery.ts';
import { resumeDelivery } from '../../operations/resume-delivery.ts';
import { startDelivery } from '../../operations/start-delivery.ts';
import { stopDelivery } from '../../operations/stop-delivery.ts';
import { batched } from '../batch.ts';
import { builder } from '../builder.ts';
import { ConflictErrorType, InvalidInputErrorType, InvalidStateErrorType, NotFoundErrorType, orRefusal, resultUnion } from '../errors.ts';
import { decodeGlobalId } from '../global-id.ts';
import { changed } from '../selection.ts';
import { Delivery } from './delivery.ts';
import { ChannelEnum } from './enums.ts';
import { actorOf } from './filter-inputs.ts';

const DeliveryCounters = builder.objectRef<CountersShape>('DeliveryCounters').implement({
  description: 'Volumes in recipients. pending + sent + failed + cancelled = toDeliver.',
  fields: (t) => ({
    targeted: t.exposeInt('targeted'),
    excluded: t.exposeInt('excluded'),
    toDeliver: t.exposeInt('toDeliver'),
    pending: t.exposeInt('pending'),
    sent: t.exposeInt('sent'),
    failed: t.exposeInt('failed'),
    cancelled: t.exposeInt('cancelled'),
    hard: t.exposeInt('hard'),
    soft: t.exposeInt('soft'),
    ignored: t.exposeInt('ignored'),
    newQuarantines: t.exposeInt('newQuarantines', { description: 'Addresses that this delivery put into quarantine.' }),
    complaints: t.exposeInt('complaints'),
  }),
});

builder.prismaObjectFields('Delivery', (t) => ({
  counters: t.field({
    type: DeliveryCounters,
    description:
      'A recipient is one address of the channel of one targeted profile, or the profile itself where it has none. ' +
      'pending + sent + failed + cancelled = toDeliver.',
    resolve: ({ id }, _args, context) =>
      batched(context, 'counters', id, async (ids) => {
        const counters = await deliveryCounters(context.instance, ids);
        return (one: bigint) => {
          const found = counters.get(one);
          if (!found) throw new Error(`delivery ${one} has no counters`);
          return found;
        };
      }),
  }),
}));

const CreateDeliveryInput = builder.inputType('CreateDeliveryInput', {
  fields: (t) => ({
    label: t.string({ required: true }),
    internalName: t.string({ description: 'Unique; absent = made of the label.' }),
    channel: t.field({ type: ChannelEnum, required: true }),
    profileIds: t.idList({ description: 'Profiles to write to; null = all that have an address of the channel or none at all.' }),
    contactDate: t.field({ type: 'DateTime' }),
    validityHours: t.int(),
    excludeDuplicates: t.boolean({ required: true, defaultValue: true }),
    controlGroupPercent: t.float({ required: true, defaultValue: 0, description: '0 to 100' }),
    limitTo: t.int({ required: true, defaultValue: 0, description: '0 = no limit' }),
    subject: t.string(),
    body: t.string(),
    from: t.string(),
    shortCode: t.string({ description: 'SMS: the number that is written from.' }),
  }),
});

const CreateDeliveryResult = resultUnion('CreateDeliveryResult', 'The new delivery, in the state EDITION.', Delivery, [
  ConflictErrorType,
  InvalidInputErrorType,
]);
const DeliveryActionResult = resultUnion('DeliveryActionResult', 'The delivery as it is now.', Delivery, [
  NotFoundErrorType,
  InvalidStateErrorType,
]);

builder.mutationField('createDelivery', (t) =>
  t.field({
    type: CreateDeliveryResult,
    authScopes: { scope: 'deliveries:write' },
    args: { input: t.arg({ type: CreateDeliveryInput, required: true }) },
    resolve: (_root, { input }, context, info) => {
      const profileIds = input.profileIds?.map((id, index) => decodeGlobalId('Profile', id, `input.profileIds.${index}`)) ?? null;
      return orRefusal(async () => {
        const id = await createDelivery(context.instance, { ...given(input), profileIds }, actorOf(context));
        return changed({ context, info, typeName: 'Delivery', id, scope: 'deliveries:write' }, (prisma, query) =>
          prisma.delivery.findUniqueOrThrow(query),
        );
      });
    },
  }),
);

/** Without the fields that are undefined. */
function given<T extends object>(input: T): { [Field in keyof T]: Exclude<T[Field], undefined> } {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as {
    [Field in keyof T]: Exclude<T[Field], undefined>;
  };
}

type Action = (instance: Instance, id: bigint, actor: Actor) => Promise<bigint>;

function actionField(name: string, description: string, action: Action): void {
  builder.mutationField(name, (t) =>
    t.field({
      type: DeliveryActionResult,
      description,
      authScopes: { scope: 'deliveries:write' },
      args: { id: t.arg.id({ required: true }) },
      resolve: (_root, args, context, info) =>
        orRefusal(async () => {
          const id = await action(context.instance, decodeGlobalId('Delivery', args.id, 'id'), actorOf(context));
          return changed({ context, info, typeName: 'Delivery', id, scope: 'deliveries:write' }, (prisma, query) =>
            prisma.delivery.findUniqueOrThrow(query),
          );
        }),
    }),
  );
}

actionField(
  'prepareDelivery',
  'Message preparation: computes the target, excludes, logs. Returns as soon as it is under way. Preparing again starts a new run.',
  prepareDelivery,
);
actionField('startDelivery', 'Starts a delivery that is READY.', startDelivery);
actionField('pauseDelivery', 'Pauses a delivery that is under way.', pauseDelivery);
actionField('resumeDelivery', 'Goes on with a delivery that is PAUSED.', resumeDelivery);
actionField('stopDelivery', 'Ends a delivery for good; what is pending is cancelled.', stopDelivery);
