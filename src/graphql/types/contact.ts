import type { ContactBlockFacts } from '../../domain/exclusion/decide-contact.ts';
import { CONTACT_CHECKS_MAX, type ContactDecision as DecisionShape, mayContact } from '../../operations/may-contact.ts';
import { refusedAsBadInput } from '../bad-input.ts';
import { builder } from '../builder.ts';
import { decodeOptionalId } from '../global-id.ts';
import { nodeById } from '../selection.ts';
import { ChannelEnum, ExclusionScopeEnum, FailureReasonEnum } from './enums.ts';
import { checkBatch } from './filter-inputs.ts';
import { Profile } from './profile.ts';
import { QuarantineEntry } from './quarantine.ts';

/** Of 10,000 answers all plain fields fit into the limit of an operation, and lists below their evidence do not. */
const ANSWERS_A_POINT = 50;

const ContactBlock = builder.objectRef<ContactBlockFacts>('ContactBlock').implement({
  description: 'One gate that is shut, with its evidence.',
  authScopes: { scope: 'check:read' },
  fields: (t) => ({
    reason: t.expose('reason', { type: FailureReasonEnum }),
    scope: t.expose('scope', { type: ExclusionScopeEnum, nullable: true }),
    text: t.exposeString('text'),
    since: t.expose('since', { type: 'DateTime', nullable: true }),
    until: t.expose('until', {
      type: 'DateTime',
      nullable: true,
      description: 'When it opens by itself: with the first cleanup that finds it due; null = never.',
    }),
    quarantineEntry: t.field({
      type: QuarantineEntry,
      nullable: true,
      resolve: ({ entryId }, _args, context, info) =>
        nodeById({ context, info, typeName: 'QuarantineEntry' }, entryId, (prisma, query) => prisma.quarantineEntry.findMany(query)),
    }),
    profile: t.field({
      type: Profile,
      nullable: true,
      resolve: ({ profileId }, _args, context, info) =>
        nodeById({ context, info, typeName: 'Profile' }, profileId, (prisma, query) => prisma.profile.findMany(query)),
    }),
    remedy: t.exposeString('remedy', { description: 'What a person can do about it, in a sentence.' }),
  }),
});

const ContactDecision = builder.objectRef<DecisionShape>('ContactDecision').implement({
  description: 'May this address be written to? Every gate that is shut, with its evidence, and what would open it.',
  authScopes: { scope: 'check:read' },
  fields: (t) => ({
    channel: t.expose('channel', { type: ChannelEnum }),
    address: t.exposeString('address', { description: 'As it was asked.' }),
    allowed: t.exposeBoolean('allowed'),
    blocks: t.field({
      type: [ContactBlock],
      description: 'Empty where allowed. The first is the one that preparation would log.',
      resolve: ({ blocks }) => [...blocks],
    }),
  }),
});

const ContactCheckInput = builder.inputType('ContactCheckInput', {
  description:
    "Without profileId the address gates are asked, and the person's too where every profile that holds the address is on the denylist.",
  fields: (t) => ({
    channel: t.field({ type: ChannelEnum, required: true }),
    address: t.string({ required: true }),
    profileId: t.id(),
    shortCode: t.string(),
  }),
});

builder.queryField('mayContact', (t) =>
  t.field({
    type: [ContactDecision],
    description: 'At most 10,000 at a time. Fails as a whole, never open, if the list cannot be read.',
    authScopes: { scope: 'check:read' },
    args: { input: t.arg({ type: [ContactCheckInput], required: true }) },
    complexity: ({ input }) => ({ field: 1, multiplier: Math.max(1, Math.ceil((input?.length ?? 0) / ANSWERS_A_POINT)) }),
    resolve: (_root, { input }, { instance }) => {
      checkBatch(input, CONTACT_CHECKS_MAX);
      const checks = input.map(({ channel, address, profileId, shortCode }, index) => ({
        channel,
        address,
        profileId: decodeOptionalId('Profile', profileId, `input.${index}.profileId`) ?? null,
        shortCode: shortCode ?? null,
      }));
      return refusedAsBadInput(() => mayContact(instance, checks));
    },
  }),
);
