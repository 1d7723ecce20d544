import type { GraphQLResolveInfo } from 'graphql';
import type { PrismaClient } from '../../generated/prisma/client.ts';
import type { Instance } from '../../operations/instance.ts';
import { badInput } from '../bad-input.ts';
import { builder } from '../builder.ts';
import type { GraphQLContext } from '../context.ts';
import { encodeGlobalId, type NodeType, parseGlobalId } from '../global-id.ts';
import { selectionOf } from '../selection.ts';

interface NodeShape {
  readonly id: bigint;
}

const typeOf = new WeakMap<object, NodeType>();

export const Node = builder.interfaceRef<NodeShape>('Node').implement({
  description: 'What has an id of its own and can be read again by it.',
  resolveType: (value) => typeOf.get(value as object),
  fields: (t) => ({
    id: t.id({
      description: 'Opaque, and unique among all types.',
      resolve: ({ id }, _args, _context, info) => encodeGlobalId(info.parentType.name as NodeType, id),
    }),
  }),
});

type NodeLoader = (context: GraphQLContext, info: GraphQLResolveInfo, id: bigint) => Promise<NodeShape | null>;

const loaders = new Map<NodeType, NodeLoader>();

/** Lets `node` find objects of a type. `isShown` may hide a row that exists. */
export function nodeLoader(
  type: NodeType,
  load: (prisma: PrismaClient, query: { where: { id: bigint } }) => Promise<NodeShape | null>,
  isShown: (instance: Instance, id: bigint) => Promise<boolean> = () => Promise.resolve(true),
): void {
  loaders.set(type, async (context, info, id) => {
    if (!(await isShown(context.instance, id))) return null;
    return load(context.instance.database.prisma, { ...selectionOf(context, info, type), where: { id } });
  });
}

builder.queryField('node', (t) =>
  t.field({
    type: Node,
    nullable: true,
    description: 'The object with this id; null where there is none.',
    authScopes: { signedIn: true },
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, args, context, info) => {
      const parsed = parseGlobalId(args.id);
      if (!parsed) throw badInput('The argument "id" is not an id that this server gave out.');
      const value = await loaders.get(parsed.type)?.(context, info, parsed.id);
      if (value) typeOf.set(value, parsed.type);
      return value ?? null;
    },
  }),
);
