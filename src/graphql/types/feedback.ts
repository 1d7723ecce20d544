import { GraphQLError } from 'graphql';
import { InvalidInputError } from '../../domain/errors.ts';
import { apiDoor } from '../../operations/api-door.ts';
import {
  type DeliveryResultItem,
  type DeliveryResultOutcome as OutcomeShape,
  recordDeliveryResults,
} from '../../operations/record-delivery-results.ts';
import { builder } from '../builder.ts';
import { InvalidInputErrorType, refused } from '../errors.ts';
import { decodeOptionalId } from '../global-id.ts';
import { AddressStatusEnum, ChannelEnum, DeliveryOutcomeEnum, EventOriginEnum } from './enums.ts';
import { actorOf, checkBatch } from './filter-inputs.ts';
import { Verdict } from './verdict.ts';

const BATCH_MAX = 1_000;

const DeliveryResultInput = builder.inputType('DeliveryResultInput', {
  description: 'What became of one message, told by whoever sent it (an external MTA or ESP).',
  fields: (t) => ({
    eventId: t.string({
      description: "Makes a repeated report harmless: unique per token. Absent: derived from the item's own content.",
    }),
    deliveryId: t.id(),
    deliveryLogId: t.id({ description: "The message itself, instead of the delivery's message for this address." }),
    channel: t.field({ type: ChannelEnum, required: true }),
    address: t.string({ required: true }),
    shortCode: t.string({ description: 'SMS: the number that was written from, or answered to.' }),
    messageId: t.string({ description: "Message-ID header or the provider's id, to find the log by." }),
    outcome: t.field({ type: DeliveryOutcomeEnum, required: true }),
    text: t.string({ description: "The raw answer: '550 5.1.1 <x@y>: user unknown'." }),
    origin: t.field({ type: EventOriginEnum, required: true, defaultValue: 'SYNC' }),
    occurredAt: t.field({ type: 'DateTime', required: true, description: 'Not more than 5 minutes ahead of now.' }),
  }),
});

const DeliveryResultOutcome = builder.objectRef<OutcomeShape>('DeliveryResultOutcome').implement({
  description: 'What became of one item of the batch.',
  fields: (t) => ({
    index: t.exposeInt('index'),
    accepted: t.exposeBoolean('accepted'),
    duplicate: t.exposeBoolean('duplicate', { description: 'This event was seen before; nothing was changed.' }),
    error: t.field({ type: InvalidInputErrorType, nullable: true, resolve: ({ error }) => error && refused(error) }),
    verdict: t.field({ type: Verdict, nullable: true, resolve: ({ verdict }) => verdict }),
    addressStatus: t.expose('addressStatus', { type: AddressStatusEnum, nullable: true, description: 'null = there is no entry.' }),
  }),
});

const RecordDeliveryResultsPayload = builder
  .objectRef<{ results: OutcomeShape[] }>('RecordDeliveryResultsPayload')
  .implement({ fields: (t) => ({ results: t.field({ type: [DeliveryResultOutcome], resolve: ({ results }) => results }) }) });

builder.mutationField('recordDeliveryResults', (t) =>
  t.field({
    type: RecordDeliveryResultsPayload,
    description: 'At most 1,000. One bad item is reported in its place and does not fail the rest.',
    authScopes: { scope: 'ingest:write' },
    args: { input: t.arg({ type: [DeliveryResultInput], required: true }) },
    resolve: async (_root, { input }, context) => {
      checkBatch(input, BATCH_MAX);
      return { results: await recordDeliveryResults(context.instance, input.map(resultItem), apiDoor(actorOf(context))) };
    },
  }),
);

/** An id that cannot be read is a fault of its item alone. */
function resultItem(input: typeof DeliveryResultInput.$inferInput): DeliveryResultItem | InvalidInputError {
  const field = { deliveryId: 'deliveryId', deliveryLogId: 'deliveryLogId' };
  try {
    const deliveryId = decodeOptionalId('Delivery', input.deliveryId, field.deliveryId);
    return { ...input, deliveryId, deliveryLogId: decodeOptionalId('DeliveryLog', input.deliveryLogId, field.deliveryLogId) };
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return new InvalidInputError(error.message, error.message.includes(field.deliveryLogId) ? field.deliveryLogId : field.deliveryId);
  }
}
