import { GraphQLError } from 'graphql';
import type { DeliveryState } from '../../domain/vocabulary.ts';
import { CursorExpiredError, MalformedCursorError } from '../../live/cursor.ts';
import { TooManyCatchUpsError } from '../../live/feed.ts';
import type { LedgerSubscription, LedgerUpdate } from '../../live/ledger-subscription.ts';
import { type ProgressLook, ProgressStream } from '../../live/progress-stream.ts';
import { deliveryCounters } from '../../operations/delivery-counters.ts';
import { alertMatcher } from '../../store/alerts.ts';
import { type Ledger, sql } from '../../store/database.ts';
import { incidentMatcher } from '../../store/filters/incident-filter.ts';
import { deliveryLogMatcher, exclusionLogMatcher } from '../../store/filters/log-filters.ts';
import { quarantineMatcher } from '../../store/filters/quarantine-filter.ts';
import type { AlertRow, DeliveryLogRow, ExclusionLogRow, IncidentRow, LedgerRow, QuarantineRow } from '../../store/ledger-rows.ts';
import { badInput, refusedAsBadInput } from '../bad-input.ts';
import { builder } from '../builder.ts';
import type { GraphQLContext } from '../context.ts';
import { decodeGlobalId } from '../global-id.ts';
import { selectionOf } from '../selection.ts';
import { Alert, AlertFilterInput } from './alert.ts';
import { Delivery } from './delivery.ts';
import { DeliveryLog, DeliveryLogFilterInput, deliveryLogFilter } from './delivery-log.ts';
import { FailureReasonEnum, FailureTypeEnum, IncidentEventKindEnum, IncidentStateEnum, MessageStatusEnum } from './enums.ts';
import { ExclusionLog, ExclusionLogFilterInput, exclusionLogFilter } from './exclusion-log.ts';
import { Incident, IncidentFilterInput } from './incident.ts';
import { QuarantineEntry, QuarantineEvent, QuarantineFilterInput } from './quarantine.ts';
import { QuarantineRelease } from './release.ts';
import { Requalification } from './requalification.ts';

const CURSOR = 'Pass it as `after` to go on from here, on any node.';

const DeliveryLogUpdate = builder.objectRef<LedgerUpdate<DeliveryLogRow>>('DeliveryLogUpdate').implement({
  description: 'A message has got a result.',
  authScopes: { scope: 'logs:read' },
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: CURSOR }),
    status: t.field({
      type: MessageStatusEnum,
      description: 'What happened at this point, even if the log has moved on since.',
      resolve: ({ row }) => row.status,
    }),
    failureType: t.field({ type: FailureTypeEnum, nullable: true, resolve: ({ row }) => row.failureType }),
    failureReason: t.field({ type: FailureReasonEnum, nullable: true, resolve: ({ row }) => row.failureReason }),
    version: t.int({
      description: 'Of the log after this event; rises for one log in the order of the feed.',
      resolve: ({ row }) => row.version,
    }),
    occurredAt: t.field({ type: 'DateTime', resolve: ({ row }) => row.occurredAt }),
    deliveryLog: t.field({
      type: DeliveryLog,
      description: 'As it is now.',
      resolve: ({ row }, _args, context, info) =>
        context.instance.database.prisma.deliveryLog.findUniqueOrThrow({
          ...selectionOf(context, info, 'DeliveryLog'),
          where: { id: row.deliveryLogId },
        }),
    }),
  }),
});

const ExclusionLogUpdate = builder.objectRef<LedgerUpdate<ExclusionLogRow>>('ExclusionLogUpdate').implement({
  description: 'Message preparation has left out a recipient.',
  authScopes: { scope: 'logs:read' },
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: CURSOR }),
    exclusionLog: t.field({
      type: ExclusionLog,
      resolve: ({ row }, _args, context, info) =>
        context.instance.database.prisma.exclusionLog.findUniqueOrThrow({
          ...selectionOf(context, info, 'ExclusionLog'),
          where: { id: row.id },
        }),
    }),
  }),
});

const QuarantineUpdate = builder.objectRef<LedgerUpdate<QuarantineRow>>('QuarantineUpdate').implement({
  description: 'The quarantine list has changed.',
  authScopes: { scope: 'quarantine:read' },
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: CURSOR }),
    event: t.field({
      type: QuarantineEvent,
      resolve: ({ row }, _args, context, info) =>
        context.instance.database.prisma.quarantineEvent.findUniqueOrThrow({
          ...selectionOf(context, info, 'QuarantineEvent'),
          where: { id: row.id },
        }),
    }),
    entry: t.field({
      type: QuarantineEntry,
      nullable: true,
      description: 'As it is now; null once it is deleted.',
      resolve: ({ row }, _args, context, info) =>
        context.instance.database.prisma.quarantineEntry.findUnique({
          ...selectionOf(context, info, 'QuarantineEntry'),
          where: { id: row.entryId },
        }),
    }),
  }),
});

const AlertUpdate = builder.objectRef<LedgerUpdate<AlertRow>>('AlertUpdate').implement({
  description: 'An alert was raised.',
  authScopes: { scope: 'rules:read' },
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: CURSOR }),
    alert: t.field({
      type: Alert,
      description: 'As it is now.',
      resolve: ({ row }, _args, context, info) =>
        context.instance.database.prisma.alert.findUniqueOrThrow({ ...selectionOf(context, info, 'Alert'), where: { id: row.id } }),
    }),
  }),
});

const IncidentUpdate = builder.objectRef<LedgerUpdate<IncidentRow>>('IncidentUpdate').implement({
  description: 'An incident was opened, has changed or was closed.',
  authScopes: { scope: 'quarantine:read' },
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: CURSOR }),
    kind: t.field({ type: IncidentEventKindEnum, resolve: ({ row }) => row.kind }),
    state: t.field({ type: IncidentStateEnum, description: 'After this event.', resolve: ({ row }) => row.after.state }),
    share: t.float({ description: 'Of its kind among the results of its place, 0 to 1, at this point.', resolve: ({ row }) => row.share }),
    hitCount: t.int({ description: 'At this point.', resolve: ({ row }) => row.quarantined + row.held }),
    heldCount: t.int({ description: 'At this point.', resolve: ({ row }) => row.held }),
    actor: t.string({ nullable: true, description: 'Token name; null = the figures did it.', resolve: ({ row }) => row.actor }),
    occurredAt: t.field({ type: 'DateTime', resolve: ({ row }) => row.occurredAt }),
    incident: t.field({
      type: Incident,
      description: 'As it is now.',
      resolve: ({ row }, _args, context, info) =>
        context.instance.database.prisma.incident.findUniqueOrThrow({
          ...selectionOf(context, info, 'Incident'),
          where: { id: row.incidentId },
        }),
    }),
  }),
});

const AFTER = 'Cursor of the last update seen: first comes what has happened since, then it goes on live.';

builder.subscriptionType({});

builder.subscriptionFields((t) => ({
  deliveryLogUpdated: t.field({
    type: DeliveryLogUpdate,
    description: 'Every result of a message, where the state before or after it matches the filter. Preparation is no update.',
    authScopes: { scope: 'logs:read' },
    args: { filter: t.arg({ type: DeliveryLogFilterInput }), after: t.arg.string({ description: AFTER }) },
    subscribe: async (_root, args, context) => {
      const forms = await context.instance.addressBook();
      const matches = await refusedAsBadInput(() => deliveryLogMatcher(deliveryLogFilter(args.filter), forms));
      return follow(context, 'DELIVERY_LOG', args.after, (row) => isOf(row, 'DELIVERY_LOG') && (matches(row.before) || matches(row.after)));
    },
    resolve: (update) => update as LedgerUpdate<DeliveryLogRow>,
  }),
  exclusionLogAdded: t.field({
    type: ExclusionLogUpdate,
    description: 'Every recipient that a preparation leaves out.',
    authScopes: { scope: 'logs:read' },
    args: { filter: t.arg({ type: ExclusionLogFilterInput }), after: t.arg.string({ description: AFTER }) },
    subscribe: async (_root, args, context) => {
      const forms = await context.instance.addressBook();
      const matches = await refusedAsBadInput(() => exclusionLogMatcher(exclusionLogFilter(args.filter), forms));
      return follow(context, 'EXCLUSION_LOG', args.after, (row) => isOf(row, 'EXCLUSION_LOG') && matches(row.after));
    },
    resolve: (update) => update as LedgerUpdate<ExclusionLogRow>,
  }),
  quarantineUpdated: t.field({
    type: QuarantineUpdate,
    description: 'Every change of the quarantine list, where the entry before or after it matches the filter.',
    authScopes: { scope: 'quarantine:read' },
    args: { filter: t.arg({ type: QuarantineFilterInput }), after: t.arg.string({ description: AFTER }) },
    subscribe: async (_root, args, context) => {
      const forms = await context.instance.addressBook();
      const matches = await refusedAsBadInput(() => quarantineMatcher(args.filter ?? {}, forms));
      const either = ({ before, after }: QuarantineRow) => (before !== null && matches(before)) || (after !== null && matches(after));
      return follow(context, 'QUARANTINE', args.after, (row) => isOf(row, 'QUARANTINE') && either(row));
    },
    resolve: (update) => update as LedgerUpdate<QuarantineRow>,
  }),
  alertRaised: t.field({
    type: AlertUpdate,
    description: 'Every alert when it is raised.',
    authScopes: { scope: 'rules:read' },
    args: { filter: t.arg({ type: AlertFilterInput }), after: t.arg.string({ description: AFTER }) },
    subscribe: async (_root, args, context) => {
      const matches = await refusedAsBadInput(() => alertMatcher(args.filter ?? {}));
      return follow(context, 'ALERT', args.after, (row) => isOf(row, 'ALERT') && matches(row));
    },
    resolve: (update) => update as LedgerUpdate<AlertRow>,
  }),
  incidentUpdated: t.field({
    type: IncidentUpdate,
    description:
      'Every incident that opens, changes or is closed, where it matches the filter before or after that. Figures alone are told four times a ' +
      'minute at most.',
    authScopes: { scope: 'quarantine:read' },
    args: { filter: t.arg({ type: IncidentFilterInput }), after: t.arg.string({ description: AFTER }) },
    subscribe: async (_root, args, context) => {
      const matches = await refusedAsBadInput(() => incidentMatcher(args.filter ?? {}));
      const either = ({ before, after }: IncidentRow) => (before !== null && matches(before)) || matches(after);
      return follow(context, 'INCIDENT', args.after, (row) => isOf(row, 'INCIDENT') && either(row));
    },
    resolve: (update) => update as LedgerUpdate<IncidentRow>,
  }),
  deliveryProgress: t.field({
    type: Delivery,
    description: 'State and counters of one delivery: first as it is now, then at most four times a second, until it has ended.',
    authScopes: { scope: 'deliveries:read' },
    args: { deliveryId: t.arg.id({ required: true }) },
    subscribe: (_root, args, context) => followProgress('Delivery', args.deliveryId, 'deliveryId', (id) => lookAtDelivery(context, id)),
    resolve: (id, _args, context, info) =>
      context.instance.database.prisma.delivery.findUniqueOrThrow({
        ...selectionOf(context, info, 'Delivery'),
        where: { id: id as bigint },
      }),
  }),
  releaseProgress: t.field({
    type: QuarantineRelease,
    description: 'A bulk release, until it is done.',
    authScopes: { scope: 'quarantine:read' },
    args: { id: t.arg.id({ required: true }) },
    subscribe: (_root, args, context) => followProgress('QuarantineRelease', args.id, 'id', (id) => lookAtRelease(context, id)),
    resolve: (id, _args, context, info) =>
      context.instance.database.prisma.quarantineRelease.findUniqueOrThrow({
        ...selectionOf(context, info, 'QuarantineRelease'),
        where: { id: id as bigint },
      }),
  }),
  requalificationProgress: t.field({
    type: Requalification,
    description: 'A requalification or its undo, until it is done.',
    authScopes: { scope: 'rules:read' },
    args: { id: t.arg.id({ required: true }) },
    subscribe: (_root, args, context) => followProgress('Requalification', args.id, 'id', (id) => lookAtRequalification(context, id)),
    resolve: (id, _args, context, info) =>
      context.instance.database.prisma.requalification.findUniqueOrThrow({
        ...selectionOf(context, info, 'Requalification'),
        where: { id: id as bigint },
      }),
  }),
}));

function isOf<L extends Ledger>(row: LedgerRow, ledger: L): row is Extract<LedgerRow, { ledger: L }> {
  return row.ledger === ledger;
}

async function follow(
  { feed, caller }: GraphQLContext,
  ledger: Ledger,
  after: string | null | undefined,
  matches: (row: LedgerRow) => boolean,
): Promise<LedgerSubscription> {
  const reader = String(caller?.tokenId ?? '');
  try {
    return await feed.subscribe({ ledger, after: after ?? null, matches, reader, presentError: asGraphQLError });
  } catch (error) {
    throw asGraphQLError(error);
  }
}

function asGraphQLError(error: unknown): unknown {
  if (error instanceof MalformedCursorError) return badInput(error.message);
  if (error instanceof CursorExpiredError) return new GraphQLError(error.message, { extensions: { code: 'CURSOR_EXPIRED' } });
  if (error instanceof TooManyCatchUpsError) return new GraphQLError(error.message, { extensions: { code: 'RATE_LIMITED' } });
  return error;
}

type Look = ProgressLook<bigint> | null;

async function followProgress(
  type: 'Delivery' | 'QuarantineRelease' | 'Requalification',
  globalId: string,
  argument: string,
  look: (id: bigint) => Promise<Look>,
) {
  const id = decodeGlobalId(type, globalId, argument);
  if ((await look(id)) === null) throw badInput(`There is no ${type} with the id in "${argument}".`);
  return new ProgressStream(() => look(id));
}

const ENDED: readonly DeliveryState[] = ['FINISHED', 'STOPPED', 'FAILED', 'DELETED'];

async function lookAtDelivery({ instance }: GraphQLContext, id: bigint): Promise<Look> {
  const [row] = await instance.database.query<{ state: DeliveryState; run: number }>(sql`SELECT state, run FROM delivery WHERE id = ${id}`);
  if (!row) return null;
  const counters = (await deliveryCounters(instance, [id])).get(id);
  return { value: id, fingerprint: JSON.stringify([row, counters]), isFinal: ENDED.includes(row.state) };
}

async function lookAtRelease({ instance }: GraphQLContext, id: bigint): Promise<Look> {
  const [row] = await instance.database.query<{ state: string; changed: number; skipped: number; undone: boolean }>(
    sql`SELECT state, matched, changed, skipped, undone FROM quarantine_release WHERE id = ${id}`,
  );
  return row ? { value: id, fingerprint: JSON.stringify(row), isFinal: row.state !== 'RUNNING' } : null;
}

async function lookAtRequalification({ instance }: GraphQLContext, id: bigint): Promise<Look> {
  const [row] = await instance.database.query<{ state: string }>(sql`
    SELECT state, phase, undone, examined, addresses, position_key, addresses_put_back, failures_put_back FROM requalification WHERE id = ${id}`);
  return row ? { value: id, fingerprint: JSON.stringify(row), isFinal: row.state !== 'RUNNING' } : null;
}
