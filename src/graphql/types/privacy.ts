import * as words from '../../domain/vocabulary.ts';
import { previewErasure } from '../../operations/preview-erasure.ts';
import { sql } from '../../store/database.ts';
import type { PrivacyReport, SharedAddress } from '../../store/privacy-requests.ts';
import { refusedAsBadInput } from '../bad-input.ts';
import { builder } from '../builder.ts';
import { connectionType, forwardArgs, resolveList } from '../connection.ts';
import { decodeOptionalId, encodeGlobalId } from '../global-id.ts';
import { selectionOf } from '../selection.ts';
import { ChannelEnum } from './enums.ts';
import { Node, nodeLoader } from './node.ts';
import { Profile } from './profile.ts';

export const PrivacyRegulationEnum = builder.enumType('PrivacyRegulation', {
  description: 'The law that a privacy request goes by.',
  values: words.PRIVACY_REGULATIONS,
});
export const PrivacyRequestTypeEnum = builder.enumType('PrivacyRequestType', {
  description: 'ACCESS: a file with everything that is kept about the person. DELETE: its erasure.',
  values: words.PRIVACY_REQUEST_TYPES,
});
const PrivacyRequestStatusEnum = builder.enumType('PrivacyRequestStatus', {
  description:
    'Where a privacy request stands. ACCESS: NEW, PROCESSING, COMPLETE. DELETE: DELETE_CONFIRMATION_PENDING (unless done in one step), ' +
    'DELETE_PENDING, DELETE_IN_PROGRESS, COMPLETE. RETRY_PENDING: a fault, it is tried again. ERROR: it ended without effect, `error` says why.',
  values: words.PRIVACY_REQUEST_STATUSES,
});
const PrivacyNamespaceEnum = builder.enumType('PrivacyNamespace', {
  description: 'What kind of value names the person. A number is the same on every channel that reaches it.',
  values: words.PRIVACY_NAMESPACES,
});

interface TableCount {
  readonly table: string;
  readonly rows: number;
}

const PrivacyCount = builder.objectRef<TableCount>('PrivacyCount').implement({
  description: 'Rows of one table, or of one list of the file.',
  fields: (t) => ({ table: t.exposeString('table'), rows: t.exposeInt('rows') }),
});

const SharedAddressType = builder.objectRef<SharedAddress>('SharedAddress').implement({
  description: 'An address of the person that other profiles hold too: a family, a role account.',
  fields: (t) => ({
    channel: t.field({ type: ChannelEnum, resolve: ({ channel }) => channel as words.Channel }),
    address: t.exposeString('address', { description: 'Canonical; its display form where it was erased.' }),
    holders: t.exposeInt('holders', { description: 'Other profiles that hold it.' }),
    kept: t.exposeBoolean('kept', {
      description: 'It stays with the other profiles and is not shut: it is their data too. False = it is erased everywhere and shut.',
    }),
  }),
});

export const PrivacyRequest = builder.prismaObject('PrivacyRequest', {
  description: 'What a person asked for about their own data.',
  interfaces: [Node],
  authScopes: { scope: 'admin' },
  fields: (t) => ({
    regulation: t.expose('regulation', { type: PrivacyRegulationEnum }),
    type: t.expose('type', { type: PrivacyRequestTypeEnum }),
    status: t.expose('status', { type: PrivacyRequestStatusEnum }),
    namespace: t.expose('namespace', { type: PrivacyNamespaceEnum, nullable: true, description: 'null = asked for by profile.' }),
    value: t.exposeString('value', {
      nullable: true,
      description: 'Canonical; `erased:` and 12 hex digits once the erasure has begun; null by profile and once the request is old.',
    }),
    profile: t.field({
      type: Profile,
      nullable: true,
      description: 'The person; null where none is known and after the erasure.',
      select: { profileId: true },
      resolve: ({ profileId }, _args, context, info) =>
        profileId === null
          ? null
          : context.instance.database.prisma.profile.findUnique({ ...selectionOf(context, info, 'Profile'), where: { id: profileId } }),
    }),
    eraseShared: t.exposeBoolean('eraseShared', { description: 'Addresses that other profiles hold too are erased as well.' }),
    counts: t.field({
      type: [PrivacyCount],
      description: 'Rows that were overwritten or deleted, or that stand in the file, so far.',
      select: { report: true },
      resolve: ({ report }) => countsOf((report as PrivacyReport).counts ?? {}),
    }),
    sharedAddresses: t.field({
      type: [SharedAddressType],
      description: 'What other profiles hold too, and what becomes of it.',
      select: { report: true },
      resolve: ({ report }) => [...((report as PrivacyReport).shared ?? [])],
    }),
    error: t.exposeString('error', { nullable: true }),
    actor: t.exposeString('actor', { description: 'Name of the token that took the request in.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    confirmBefore: t.expose('confirmBefore', {
      type: 'DateTime',
      nullable: true,
      description: 'An erasure that nobody confirms until then lapses; null = it needs no confirmation.',
    }),
    confirmedAt: t.expose('confirmedAt', { type: 'DateTime', nullable: true }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
    fileUrl: t.string({
      nullable: true,
      description: 'Path of the file of an access request: GET it with the token of an administrator. Null = there is none (any more).',
      select: { id: true, fileBytes: true },
      resolve: ({ id, fileBytes }) => (fileBytes === null ? null : `/privacy-requests/${encodeGlobalId('PrivacyRequest', id)}/file`),
    }),
    fileBytes: t.float({
      nullable: true,
      select: { fileBytes: true },
      resolve: ({ fileBytes }) => (fileBytes === null ? null : Number(fileBytes)),
    }),
    fileExpiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true, description: 'The file is deleted then.' }),
  }),
});

export const PrivacySubjectInput = builder.inputType('PrivacySubjectInput', {
  description: 'Whose data it is: namespace and value, or profileId, or externalId.',
  fields: (t) => ({
    namespace: t.field({ type: PrivacyNamespaceEnum }),
    value: t.string({ description: 'The address. Where exactly one profile holds it, the whole person is meant.' }),
    profileId: t.id(),
    externalId: t.string(),
  }),
});

export function subjectOf({ profileId, ...subject }: typeof PrivacySubjectInput.$inferInput, argument: string) {
  return { ...subject, profileId: decodeOptionalId('Profile', profileId, `${argument}.profileId`) ?? null };
}

const PrivacyPreview = builder.objectRef<Awaited<ReturnType<typeof previewErasure>>>('PrivacyPreview').implement({
  description: 'What an erasure would touch now.',
  authScopes: { scope: 'admin' },
  fields: (t) => ({
    profile: t.field({
      type: Profile,
      nullable: true,
      description: 'Who would be erased; null where nobody is known, or several profiles hold the address: their names stay.',
      resolve: ({ profileId }, _args, context, info) =>
        profileId === null
          ? null
          : context.instance.database.prisma.profile.findUnique({ ...selectionOf(context, info, 'Profile'), where: { id: profileId } }),
    }),
    addresses: t.exposeInt('addresses', { description: 'Addresses that would be erased everywhere and shut.' }),
    sharedAddresses: t.field({ type: [SharedAddressType], resolve: ({ shared }) => [...shared] }),
    counts: t.field({ type: [PrivacyCount], resolve: ({ counts }) => countsOf(counts) }),
  }),
});

const PrivacyRequestConnection = connectionType(PrivacyRequest, 'admin');

builder.queryFields((t) => ({
  privacyRequests: t.field({
    type: PrivacyRequestConnection,
    description: 'Requests for access and erasure, newest first.',
    authScopes: { scope: 'admin' },
    args: forwardArgs,
    resolve: resolveList({
      list: 'privacyRequests',
      table: sql`privacy_request`,
      where: sql`true`,
      load: (prisma, query) => prisma.privacyRequest.findMany(query),
    }),
  }),
  privacyPreview: t.field({
    type: PrivacyPreview,
    description: 'A dry run of an erasure: counts, the person, and addresses that others hold too.',
    authScopes: { scope: 'admin' },
    complexity: 100,
    args: {
      subject: t.arg({ type: PrivacySubjectInput, required: true }),
      eraseShared: t.arg.boolean({ required: true, defaultValue: false }),
    },
    resolve: (_root, { subject, eraseShared }, { instance }) =>
      refusedAsBadInput(() => previewErasure(instance, subjectOf(subject, 'subject'), eraseShared)),
  }),
}));

nodeLoader('PrivacyRequest', (prisma, query) => prisma.privacyRequest.findUnique(query));

function countsOf(counts: Readonly<Record<string, number>>): TableCount[] {
  return Object.entries(counts).map(([table, rows]) => ({ table, rows }));
}
