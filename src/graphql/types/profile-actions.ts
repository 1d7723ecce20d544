import { GraphQLError } from 'graphql';
import { type DomainError, InvalidInputError } from '../../domain/errors.ts';
import { createProfile } from '../../operations/create-profile.ts';
import { optIn } from '../../operations/opt-in.ts';
import { optOut } from '../../operations/opt-out.ts';
import { type ConsentRequest, recordConsents } from '../../operations/record-consents.ts';
import { updateProfile } from '../../operations/update-profile.ts';
import { upsertProfiles } from '../../operations/upsert-profiles.ts';
import { builder } from '../builder.ts';
import { ConflictErrorType, InvalidInputErrorType, NotFoundErrorType, orRefusal, refused, resultUnion } from '../errors.ts';
import { decodeGlobalId, decodeOptionalId, encodeGlobalId } from '../global-id.ts';
import { changed } from '../selection.ts';
import { ChannelEnum, ConsentSourceEnum } from './enums.ts';
import { actorOf, checkBatch } from './filter-inputs.ts';
import { Profile } from './profile.ts';

const BATCH_MAX = 1_000;

const AddressInput = builder.inputType('AddressInput', {
  description: 'An address in any usual form; it is brought to its canonical one.',
  fields: (t) => ({ channel: t.field({ type: ChannelEnum, required: true }), value: t.string({ required: true }) }),
});

const CreateProfileInput = builder.inputType('CreateProfileInput', {
  fields: (t) => ({
    externalId: t.string({ description: 'The id under which the caller knows the person; unique.' }),
    firstName: t.string(),
    lastName: t.string(),
    addresses: t.field({ type: [AddressInput], required: true, defaultValue: [] }),
  }),
});

const REPLACES = 'Replaces those of the channels that occur in it and of `replaceChannels`.';

const UpdateProfileInput = builder.inputType('UpdateProfileInput', {
  description: 'An absent field keeps, null clears.',
  fields: (t) => ({
    id: t.id({ required: true }),
    externalId: t.string(),
    firstName: t.string(),
    lastName: t.string(),
    addresses: t.field({ type: [AddressInput], description: REPLACES }),
    replaceChannels: t.field({ type: [ChannelEnum], description: 'So that the last address of a channel can be removed.' }),
  }),
});

const UpsertProfileInput = builder.inputType('UpsertProfileInput', {
  description: 'Keyed by externalId: creates or updates. An absent field keeps, null clears.',
  fields: (t) => ({
    externalId: t.string({ required: true }),
    firstName: t.string(),
    lastName: t.string(),
    addresses: t.field({ type: [AddressInput], description: REPLACES }),
    replaceChannels: t.field({ type: [ChannelEnum] }),
  }),
});

const ConsentInput = builder.inputType('ConsentInput', {
  description:
    'Name the profile by `profileId` or `externalId`. `channels` absent or null = all channels; an empty list and OTHER are refused. ' +
    'The flag `all` and the channels are independent: optOut without channels sets `all`, optIn without channels clears everything, and ' +
    'optIn to a channel is refused while `all` is set. A repeat changes nothing and writes no ledger row.',
  fields: (t) => ({
    profileId: t.id(),
    externalId: t.string(),
    channels: t.field({ type: [ChannelEnum] }),
    source: t.field({ type: ConsentSourceEnum, required: true, defaultValue: 'OPERATOR' }),
    note: t.string(),
    occurredAt: t.field({ type: 'DateTime', description: 'Absent = now. Not more than 5 minutes ahead of it.' }),
  }),
});

const RecordConsentInput = builder.inputType('RecordConsentInput', {
  fields: (t) => ({ consent: t.field({ type: ConsentInput, required: true }), optedOut: t.boolean({ required: true }) }),
});

const CreateProfileResult = resultUnion('CreateProfileResult', 'The new profile.', Profile, [ConflictErrorType, InvalidInputErrorType]);
const UpdateProfileResult = resultUnion('UpdateProfileResult', 'The profile as it is now.', Profile, [
  NotFoundErrorType,
  ConflictErrorType,
  InvalidInputErrorType,
]);
const OptOutResult = resultUnion('OptOutResult', 'The profile with its flags.', Profile, [NotFoundErrorType, InvalidInputErrorType]);
const OptInResult = resultUnion('OptInResult', 'The profile with its flags.', Profile, [NotFoundErrorType, InvalidInputErrorType]);

/** The profile of each item, or why there is none, in the order of the batch. */
type Outcomes = readonly (bigint | DomainError)[];

interface OutcomeShape {
  readonly index: number;
  readonly outcome: bigint | DomainError;
}

const BatchOutcome = builder.objectRef<OutcomeShape>('BatchOutcome').implement({
  description: 'What became of one item of the batch.',
  fields: (t) => ({
    index: t.exposeInt('index'),
    accepted: t.boolean({ resolve: ({ outcome }) => typeof outcome === 'bigint' }),
    id: t.id({
      nullable: true,
      description: 'The profile.',
      resolve: ({ outcome }) => (typeof outcome === 'bigint' ? encodeGlobalId('Profile', outcome) : null),
    }),
    error: t.field({
      type: InvalidInputErrorType,
      nullable: true,
      resolve: ({ outcome }) => (typeof outcome === 'bigint' ? null : refused(asInvalid(outcome))),
    }),
  }),
});

const BatchPayload = builder.objectRef<Outcomes>('BatchPayload').implement({
  description: 'One outcome an item, in their order.',
  fields: (t) => ({
    results: t.field({ type: [BatchOutcome], resolve: (outcomes) => outcomes.map((outcome, index) => ({ index, outcome })) }),
  }),
});

builder.mutationFields((t) => ({
  createProfile: t.field({
    type: CreateProfileResult,
    authScopes: { scope: 'profiles:write' },
    args: { input: t.arg({ type: CreateProfileInput, required: true }) },
    resolve: (_root, { input }, context, info) =>
      orRefusal(async () => {
        const id = await createProfile(context.instance, input, actorOf(context));
        return changed({ context, info, typeName: 'Profile', id, scope: 'profiles:write' }, (prisma, query) =>
          prisma.profile.findUniqueOrThrow(query),
        );
      }),
  }),
  updateProfile: t.field({
    type: UpdateProfileResult,
    authScopes: { scope: 'profiles:write' },
    args: { input: t.arg({ type: UpdateProfileInput, required: true }) },
    resolve: (_root, { input }, context, info) =>
      orRefusal(async () => {
        const id = decodeGlobalId('Profile', input.id, 'input.id');
        await updateProfile(context.instance, { ...input, id }, actorOf(context));
        return changed({ context, info, typeName: 'Profile', id, scope: 'profiles:write' }, (prisma, query) =>
          prisma.profile.findUniqueOrThrow(query),
        );
      }),
  }),
  optOut: t.field({
    type: OptOutResult,
    description: 'Puts the profile on the denylist: nothing more on these channels, at any of its addresses.',
    authScopes: { scope: 'consent:write' },
    args: { input: t.arg({ type: ConsentInput, required: true }) },
    resolve: (_root, { input }, context, info) =>
      orRefusal(async () => {
        const id = await optOut(context.instance, consentRequest(input, 'input.profileId'), actorOf(context));
        return changed({ context, info, typeName: 'Profile', id, scope: 'consent:write' }, (prisma, query) =>
          prisma.profile.findUniqueOrThrow(query),
        );
      }),
  }),
  optIn: t.field({
    type: OptInResult,
    description: 'Takes the profile off the denylist, for these channels or for everything.',
    authScopes: { scope: 'consent:write' },
    args: { input: t.arg({ type: ConsentInput, required: true }) },
    resolve: (_root, { input }, context, info) =>
      orRefusal(async () => {
        const id = await optIn(context.instance, consentRequest(input, 'input.profileId'), actorOf(context));
        return changed({ context, info, typeName: 'Profile', id, scope: 'consent:write' }, (prisma, query) =>
          prisma.profile.findUniqueOrThrow(query),
        );
      }),
  }),
  recordConsents: t.field({
    type: BatchPayload,
    description: 'At most 1,000, in their order. One bad item is reported in its place and does not fail the rest.',
    authScopes: { scope: 'consent:write' },
    args: { input: t.arg({ type: [RecordConsentInput], required: true }) },
    resolve: (_root, { input }, context) => {
      checkBatch(input, BATCH_MAX);
      const items = input.map(({ consent, optedOut }) =>
        asRefusal(() => ({ ...consentRequest(consent, 'consent.profileId'), optedOut }), 'consent.profileId'),
      );
      return recordConsents(context.instance, items, actorOf(context));
    },
  }),
  upsertProfiles: t.field({
    type: BatchPayload,
    description: 'At most 1,000, in their order. One bad item is reported in its place and does not fail the rest.',
    authScopes: { scope: 'profiles:write' },
    args: { input: t.arg({ type: [UpsertProfileInput], required: true }) },
    resolve: (_root, { input }, context) => {
      checkBatch(input, BATCH_MAX);
      return upsertProfiles(context.instance, input, actorOf(context));
    },
  }),
}));

function consentRequest(input: typeof ConsentInput.$inferInput, argument: string): ConsentRequest {
  return { ...input, profileId: decodeOptionalId('Profile', input.profileId, argument) ?? null };
}

/** In a batch an id that cannot be read is a fault of its item alone. */
function asRefusal<T>(read: () => T, field: string): T | InvalidInputError {
  try {
    return read();
  } catch (error) {
    if (error instanceof GraphQLError) return new InvalidInputError(error.message, field);
    throw error;
  }
}

function asInvalid(error: DomainError): InvalidInputError {
  return error instanceof InvalidInputError ? error : new InvalidInputError(error.message, 'consent');
}
