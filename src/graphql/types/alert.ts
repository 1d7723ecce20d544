import { acknowledgeAlerts } from '../../operations/acknowledge-alerts.ts';
import { alertCondition } from '../../store/alerts.ts';
import { sql } from '../../store/database.ts';
import { refusedAsBadInput } from '../bad-input.ts';
import { builder } from '../builder.ts';
import { connectionType, listNodes, pageArgs } from '../connection.ts';
import { NotFoundErrorType, orRefusal, resultUnion } from '../errors.ts';
import { decodeGlobalId } from '../global-id.ts';
import { AlertKindEnum } from './enums.ts';
import { actorOf, checkBatch } from './filter-inputs.ts';
import { Node, nodeLoader } from './node.ts';
import { MessageQualification } from './qualification.ts';

const BATCH_MAX = 1_000;

export const Alert = builder.prismaObject('Alert', {
  description: 'What staff should look at: raised once for what it is about, open until somebody acknowledges it.',
  interfaces: [Node],
  authScopes: { scope: 'rules:read' },
  fields: (t) => ({
    kind: t.expose('kind', { type: AlertKindEnum }),
    text: t.exposeString('text', { description: 'What happened, as a sentence.' }),
    qualification: t.relation('qualification', {
      type: MessageQualification,
      nullable: true,
      description: 'The text that came again (UNKNOWN_TEXT).',
    }),
    raisedAt: t.expose('raisedAt', { type: 'DateTime' }),
    acknowledgedAt: t.expose('acknowledgedAt', { type: 'DateTime', nullable: true, description: 'null = it is open.' }),
    acknowledgedBy: t.exposeString('acknowledgedBy', {
      nullable: true,
      description: 'Who acknowledged it first. Who qualifies a text acknowledges its alert.',
    }),
  }),
});

builder.prismaObjectFields(MessageQualification, (t) => ({
  alert: t.field({
    type: Alert,
    nullable: true,
    select: (_args, _context, nestedSelection) => ({ alerts: nestedSelection({ take: 1 }) }),
    description: 'Raised when the text came a second time and nobody had qualified it.',
    resolve: ({ alerts }) => alerts[0] ?? null,
  }),
}));

const AlertConnection = connectionType(Alert, 'rules:read');

export const AlertFilterInput = builder.inputType('AlertFilter', {
  description: 'All set conditions must hold; inside a list, any.',
  fields: (t) => ({
    kind: t.field({ type: [AlertKindEnum] }),
    acknowledged: t.boolean({ description: 'false: the open ones.' }),
  }),
});

builder.queryField('alerts', (t) =>
  t.field({
    type: AlertConnection,
    description: 'What staff was alerted to, newest first.',
    authScopes: { scope: 'rules:read' },
    args: { filter: t.arg({ type: AlertFilterInput }), ...pageArgs },
    resolve: async (_root, args, context, info) =>
      listNodes({
        context,
        info,
        args,
        list: 'alerts',
        table: sql`alert`,
        where: await refusedAsBadInput(() => alertCondition(args.filter ?? {})),
        load: (prisma, query) => prisma.alert.findMany(query),
      }),
  }),
);

const AcknowledgedAlerts = builder.objectRef<{ readonly acknowledged: number }>('AcknowledgedAlerts').implement({
  description: 'The alerts that were named are acknowledged, now or before.',
  fields: (t) => ({ acknowledged: t.exposeInt('acknowledged') }),
});

const AcknowledgeAlertsResult = resultUnion('AcknowledgeAlertsResult', 'All are acknowledged, or none.', AcknowledgedAlerts, [
  NotFoundErrorType,
]);

builder.mutationField('acknowledgeAlerts', (t) =>
  t.field({
    type: AcknowledgeAlertsResult,
    description: 'Takes up to 1,000 alerts off the open ones: somebody has seen them. A repeat changes nothing.',
    authScopes: { scope: 'rules:write' },
    args: { ids: t.arg.idList({ required: true }) },
    resolve: (_root, args, context) =>
      orRefusal(async () => {
        checkBatch(args.ids, BATCH_MAX);
        const ids = args.ids.map((id) => decodeGlobalId('Alert', id, 'ids'));
        await acknowledgeAlerts(context.instance, ids, actorOf(context));
        return { acknowledged: new Set(ids).size };
      }),
  }),
);

nodeLoader('Alert', (prisma, query) => prisma.alert.findUnique(query));
