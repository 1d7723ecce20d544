import { createToken } from '../../operations/create-token.ts';
import { revokeToken } from '../../operations/revoke-token.ts';
import { builder } from '../builder.ts';
import { InvalidInputErrorType, NotFoundErrorType, orRefusal, resultUnion } from '../errors.ts';
import { decodeGlobalId } from '../global-id.ts';
import { changed } from '../selection.ts';
import { actorOf } from './filter-inputs.ts';
import { Node, nodeLoader } from './node.ts';

const Token = builder.prismaObject('Token', {
  description: 'What a program or person signs in with. The secret itself is not kept.',
  interfaces: [Node],
  authScopes: { scope: 'admin' },
  fields: (t) => ({
    name: t.exposeString('name'),
    prefix: t.exposeString('prefix', { description: 'The first characters of the secret, to tell tokens apart.' }),
    scopes: t.exposeStringList('scopes'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true }),
    lastUsedAt: t.expose('lastUsedAt', { type: 'DateTime', nullable: true }),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', nullable: true }),
  }),
});

interface CreatedTokenShape {
  readonly id: bigint;
  readonly secret: string;
}

const CreatedToken = builder.objectRef<CreatedTokenShape>('CreatedToken').implement({
  description: '`secret` is shown here once and kept only as a hash.',
  authScopes: { scope: 'admin' },
  fields: (t) => ({
    token: t.prismaField({
      type: 'Token',
      resolve: (query, { id }, _args, { instance }) => instance.database.prisma.token.findUniqueOrThrow({ ...query, where: { id } }),
    }),
    secret: t.exposeString('secret'),
  }),
});

const CreateTokenResult = resultUnion('CreateTokenResult', 'The new token with its secret, or why there is none.', CreatedToken, [
  InvalidInputErrorType,
]);
const RevokeTokenResult = resultUnion('RevokeTokenResult', 'The token that has ended.', Token, [NotFoundErrorType]);

const CreateTokenInput = builder.inputType('CreateTokenInput', {
  fields: (t) => ({
    name: t.string({ required: true, description: 'Stands as the actor in ledgers and the audit trail.' }),
    scopes: t.stringList({ required: true }),
    expiresAt: t.field({ type: 'DateTime', description: 'Absent = never.' }),
  }),
});

builder.queryField('tokens', (t) =>
  t.prismaField({
    type: ['Token'],
    description: 'All tokens, also those that have ended, newest first.',
    authScopes: { scope: 'admin' },
    resolve: (query, _root, _args, { instance }) => instance.database.prisma.token.findMany({ ...query, orderBy: { id: 'desc' } }),
  }),
);

builder.mutationFields((t) => ({
  createToken: t.field({
    type: CreateTokenResult,
    authScopes: { scope: 'admin' },
    args: { input: t.arg({ type: CreateTokenInput, required: true }) },
    resolve: (_root, { input }, context) => orRefusal(() => createToken(context.instance, input, actorOf(context))),
  }),
  revokeToken: t.field({
    type: RevokeTokenResult,
    description: 'Ends the token. Closes the sockets that use it within 5 seconds.',
    authScopes: { scope: 'admin' },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, args, context, info) =>
      orRefusal(async () => {
        const id = await revokeToken(context.instance, decodeGlobalId('Token', args.id, 'id'), actorOf(context));
        return changed({ context, info, typeName: 'Token', id, scope: 'admin' }, (prisma, query) => prisma.token.findUniqueOrThrow(query));
      }),
  }),
}));

nodeLoader('Token', (prisma, query) => prisma.token.findUnique(query));
