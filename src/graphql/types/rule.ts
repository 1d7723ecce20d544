import { batched } from '../batch.ts';
import { builder } from '../builder.ts';
import { ownOr } from '../own-results.ts';
import { pendingCounts } from '../pending-counts.ts';
import { FailureReasonEnum, FailureTypeEnum, FaultEnum, RuleOriginEnum } from './enums.ts';
import { Node, nodeLoader } from './node.ts';

export const QualificationRule = builder.prismaObject('QualificationRule', {
  description: "'Inbound email' rule: ordered, the first match gives type and reason.",
  interfaces: [Node],
  authScopes: ownOr('rules:read'),
  fields: (t) => ({
    position: t.exposeInt('position'),
    name: t.exposeString('name', { description: 'Unique.' }),
    patterns: t.exposeStringList('patterns', { description: 'Strings, any of which must be contained.' }),
    regex: t.exposeString('regex', { nullable: true, description: 'Or one regular expression of linear cost.' }),
    type: t.expose('type', { type: FailureTypeEnum }),
    reason: t.expose('reason', { type: FailureReasonEnum }),
    fault: t.expose('fault', { type: FaultEnum }),
    active: t.exposeBoolean('active'),
    shadow: t.exposeBoolean('shadow', { description: 'Shadow rules match and count but decide nothing.' }),
    hits: t.int({
      description: 'Texts that the rule has matched.',
      resolve: async ({ id, hits }, _args, context) =>
        hits + (await batched(context, 'hits', id, (ids) => pendingCounts(context.instance.database, 'RULE', ids))),
    }),
    origin: t.expose('origin', { type: RuleOriginEnum }),
    version: t.exposeInt('version', { description: 'Rises with every edit: for `expectedVersion`.' }),
  }),
});

builder.queryField('qualificationRules', (t) =>
  t.prismaField({
    type: ['QualificationRule'],
    description: 'In the order in which they are tried.',
    authScopes: { scope: 'rules:read' },
    resolve: (query, _root, _args, { instance }) =>
      instance.database.prisma.qualificationRule.findMany({ ...query, orderBy: [{ position: 'asc' }, { id: 'asc' }] }),
  }),
);

nodeLoader('QualificationRule', (prisma, query) => prisma.qualificationRule.findUnique(query));
