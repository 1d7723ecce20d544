import { apiDoor } from '../../operations/api-door.ts';
import { ingestMessage, type IngestedMessage as MessageShape } from '../../operations/ingest-message.ts';
import { builder } from '../builder.ts';
import { InvalidInputErrorType, orRefusal, resultUnion } from '../errors.ts';
import { selectionOf } from '../selection.ts';
import { DeliveryLog } from './delivery-log.ts';
import { AddressStatusEnum, MessageKindEnum } from './enums.ts';
import { actorOf } from './filter-inputs.ts';
import { Verdict } from './verdict.ts';

type RecipientShape = MessageShape['recipients'][number];

const IngestedRecipient = builder.objectRef<RecipientShape>('IngestedRecipient').implement({
  description: 'One recipient that a message speaks of, judged alone.',
  fields: (t) => ({
    address: t.exposeString('address', { nullable: true, description: 'null = the report names nobody.' }),
    verdict: t.field({ type: Verdict, nullable: true, resolve: ({ verdict }) => verdict }),
    addressStatus: t.expose('addressStatus', { type: AddressStatusEnum, nullable: true, description: 'null = there is no entry.' }),
    deliveryLog: t.field({
      type: DeliveryLog,
      nullable: true,
      resolve: ({ deliveryLogId }, _args, context, info) =>
        deliveryLogId === null
          ? null
          : context.instance.database.prisma.deliveryLog.findUnique({
              ...selectionOf(context, info, 'DeliveryLog'),
              where: { id: deliveryLogId },
            }),
    }),
  }),
});

const IngestedMessage = builder.objectRef<MessageShape>('IngestedMessage').implement({
  description: 'One raw message can tell of several recipients.',
  fields: (t) => ({
    kind: t.expose('kind', { type: MessageKindEnum }),
    duplicate: t.exposeBoolean('duplicate', { description: 'It was taken in before, through whichever door; nothing was changed.' }),
    recipients: t.field({ type: [IngestedRecipient], resolve: ({ recipients }) => [...recipients] }),
  }),
});

const IngestMessageResult = resultUnion('IngestMessageResult', 'What the message says.', IngestedMessage, [InvalidInputErrorType]);

builder.mutationField('ingestMessage', (t) =>
  t.field({
    type: IngestMessageResult,
    description: 'One raw message (RFC 5322, as text) from the bounce or complaint mailbox.',
    authScopes: { scope: 'ingest:write' },
    args: { raw: t.arg.string({ required: true }) },
    resolve: (_root, { raw }, context) => orRefusal(() => ingestMessage(context.instance, Buffer.from(raw), apiDoor(actorOf(context)))),
  }),
);
