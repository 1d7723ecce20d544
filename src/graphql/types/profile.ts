import type { ConsentFlags } from '../../domain/consent/decide-consent.ts';
import { sql } from '../../store/database.ts';
import { enumConditions } from '../../store/filters/conditions.ts';
import { addressCondition, profileCondition } from '../../store/filters/profile-filter.ts';
import { and, OLDEST_FIRST } from '../../store/page.ts';
import { badInput, refusedAsBadInput } from '../bad-input.ts';
import { builder } from '../builder.ts';
import { connectionType, forwardArgs, listNestedNodes, listNodes, pageArgs } from '../connection.ts';
import { decodeGlobalId } from '../global-id.ts';
import { ownOr } from '../own-results.ts';
import { AddressStatusEnum, ChannelEnum, ConsentSourceEnum } from './enums.ts';
import { StringFilter } from './filter-inputs.ts';
import { Node, nodeLoader } from './node.ts';
import { QuarantineEntry, quarantineEntryOfAddress } from './quarantine.ts';

const Denylist = builder.objectRef<ConsentFlags>('Denylist').implement({
  description: "'No longer contact (on denylist)': the seven flags of a profile. `all` and the channels are independent.",
  fields: (t) => ({
    all: t.exposeBoolean('all'),
    email: t.exposeBoolean('email'),
    sms: t.exposeBoolean('sms'),
    phone: t.exposeBoolean('phone'),
    directMail: t.exposeBoolean('directMail'),
    fax: t.exposeBoolean('fax'),
    push: t.exposeBoolean('push'),
  }),
});

/** Whoever may change profiles is shown the one that was changed; who may change consent alone sees its flags, not the person. */
const mayReadPerson = ownOr('profiles:read', 'profiles:write');

export const Profile = builder.prismaObject('Profile', {
  description: 'A person, with the wish not to be written to.',
  interfaces: [Node],
  authScopes: ownOr('profiles:read'),
  fields: (t) => ({
    externalId: t.exposeString('externalId', { nullable: true, description: 'The id under which the caller knows the person; unique.' }),
    firstName: t.exposeString('firstName', { nullable: true, authScopes: mayReadPerson }),
    lastName: t.exposeString('lastName', { nullable: true, authScopes: mayReadPerson }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
    denylist: t.field({
      type: Denylist,
      description: "'No longer contact (on denylist)': the seven flags.",
      resolve: (profile) => ({
        all: profile.optedOutAll,
        email: profile.optedOutEmail,
        sms: profile.optedOutSms,
        phone: profile.optedOutPhone,
        directMail: profile.optedOutDirectMail,
        fax: profile.optedOutFax,
        push: profile.optedOutPush,
      }),
    }),
  }),
});

export const Address = builder.prismaObject('Address', {
  description: 'A way to reach one profile. Several profiles may hold the same value; the quarantine sees only the value.',
  interfaces: [Node],
  authScopes: { scope: 'profiles:read' },
  fields: (t) => ({
    channel: t.expose('channel', { type: ChannelEnum }),
    value: t.exposeString('value', { description: 'Canonical: what the quarantine is matched against.' }),
    original: t.exposeString('original', { description: 'As it was given.' }),
    profile: t.relation('profile'),
    quarantineEntry: t.field({
      type: QuarantineEntry,
      nullable: true,
      description: 'The platform-wide entry for this value, if there is one.',
      resolve: ({ addressKey }, _args, context, info) => quarantineEntryOfAddress(context, info, addressKey),
    }),
  }),
});

export const ConsentEvent = builder.prismaObject('ConsentEvent', {
  description: 'One line of the append-only opt-in/opt-out ledger.',
  interfaces: [Node],
  authScopes: { scope: 'profiles:read' },
  fields: (t) => ({
    channel: t.expose('channel', { type: ChannelEnum, nullable: true, description: 'null = all channels' }),
    optedOut: t.exposeBoolean('optedOut'),
    source: t.expose('source', { type: ConsentSourceEnum }),
    note: t.exposeString('note', { nullable: true }),
    actor: t.exposeString('actor', { nullable: true, description: 'Name of the token or job that said so.' }),
    occurredAt: t.expose('occurredAt', { type: 'DateTime' }),
  }),
});

const ProfileConnection = connectionType(Profile, 'profiles:read');
const AddressConnection = connectionType(Address, 'profiles:read');
const ConsentEventConnection = connectionType(ConsentEvent, 'profiles:read');

builder.prismaObjectFields('Profile', (t) => ({
  addresses: t.field({
    type: AddressConnection,
    authScopes: mayReadPerson,
    args: { channel: t.arg({ type: ChannelEnum }), ...forwardArgs },
    resolve: (profile, args, context, info) => {
      const channel = enumConditions(sql`c.channel`, args.channel ? [args.channel] : null, 'channel');
      const where = and([sql`c.profile_id = parent.id`, ...channel]);
      return listNestedNodes(
        {
          context,
          info,
          args,
          list: 'Profile.addresses',
          table: sql`address`,
          where,
          load: (prisma, query) => prisma.address.findMany(query),
        },
        { id: profile.id },
      );
    },
  }),
  consentHistory: t.field({
    type: ConsentEventConnection,
    authScopes: mayReadPerson,
    args: { ...forwardArgs },
    resolve: (profile, args, context, info) => {
      const where = sql`c.profile_id = parent.id`;
      return listNestedNodes(
        {
          context,
          info,
          args,
          list: 'Profile.consentHistory',
          table: sql`consent_event`,
          where,
          load: (prisma, query) => prisma.consentEvent.findMany(query),
        },
        { id: profile.id },
      );
    },
  }),
}));

const ProfileFilter = builder.inputType('ProfileFilter', {
  description: 'All set conditions must hold. `channel` narrows both `address` and `denylisted`; alone: has an address of it.',
  fields: (t) => ({
    externalId: t.field({ type: StringFilter }),
    name: t.field({ type: StringFilter, description: 'First name, last name, or both with a space between.' }),
    address: t.field({ type: StringFilter }),
    denylisted: t.boolean(),
    channel: t.field({ type: ChannelEnum }),
  }),
});

const AddressFilter = builder.inputType('AddressFilter', {
  description: 'All set conditions must hold; inside a list, any.',
  fields: (t) => ({
    value: t.field({ type: StringFilter }),
    channel: t.field({ type: [ChannelEnum] }),
    quarantineStatus: t.field({ type: [AddressStatusEnum], description: 'Of the entry that holds for every short code.' }),
  }),
});

builder.queryFields((t) => ({
  profile: t.prismaField({
    type: 'Profile',
    nullable: true,
    description: 'The profile with this id or external id; name exactly one.',
    authScopes: { scope: 'profiles:read' },
    args: { id: t.arg.id(), externalId: t.arg.string() },
    resolve: (query, _root, { id, externalId }, { instance }) => {
      if ((id ?? null) === null ? (externalId ?? null) === null : (externalId ?? null) !== null) {
        throw badInput('Name the profile by "id" or by "externalId".');
      }
      const where = typeof id === 'string' ? { id: decodeGlobalId('Profile', id, 'id') } : { externalId: storable(externalId ?? '') };
      return instance.database.prisma.profile.findUnique({ ...query, where });
    },
  }),
  profiles: t.field({
    type: ProfileConnection,
    description: 'Oldest first.',
    authScopes: { scope: 'profiles:read' },
    args: { filter: t.arg({ type: ProfileFilter }), ...pageArgs },
    resolve: async (_root, args, context, info) => {
      const forms = await context.instance.addressBook();
      const where = await refusedAsBadInput(() => profileCondition(args.filter ?? {}, forms));
      return listNodes({
        context,
        info,
        args,
        list: 'profiles',
        table: sql`profile`,
        where,
        order: OLDEST_FIRST,
        load: (prisma, query) => prisma.profile.findMany(query),
      });
    },
  }),
  addresses: t.field({
    type: AddressConnection,
    description: 'Newest first.',
    authScopes: { scope: 'profiles:read' },
    args: { filter: t.arg({ type: AddressFilter }), ...pageArgs },
    resolve: async (_root, args, context, info) => {
      const forms = await context.instance.addressBook();
      const where = await refusedAsBadInput(() => addressCondition(args.filter ?? {}, forms));
      return listNodes({
        context,
        info,
        args,
        list: 'addresses',
        table: sql`address`,
        where,
        load: (prisma, query) => prisma.address.findMany(query),
      });
    },
  }),
}));

nodeLoader('Profile', (prisma, query) => prisma.profile.findUnique(query));
nodeLoader('Address', (prisma, query) => prisma.address.findUnique(query));
nodeLoader('ConsentEvent', (prisma, query) => prisma.consentEvent.findUnique(query));

function storable(text: string): string {
  if (text.includes('\0') || !text.isWellFormed())
    throw badInput('The argument "externalId" contains a NUL character or half of a surrogate pair.');
  return text;
}
