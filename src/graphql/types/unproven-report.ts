import { countUnprovenReport } from '../../operations/count-unproven-report.ts';
import { dismissUnprovenReport } from '../../operations/dismiss-unproven-report.ts';
import type { StoredAnswer } from '../../operations/ingest-message.ts';
import { sql } from '../../store/database.ts';
import { IS_HELD, readUnprovenState } from '../../store/unproven-reports.ts';
import { builder } from '../builder.ts';
import { connectionType, forwardArgs, resolveList } from '../connection.ts';
import { InvalidStateErrorType, NotFoundErrorType, orRefusal, resultUnion } from '../errors.ts';
import { decodeGlobalId } from '../global-id.ts';
import { ownOr } from '../own-results.ts';
import { changed } from '../selection.ts';
import { MessageKindEnum, UnprovenReportStateEnum } from './enums.ts';
import { actorOf } from './filter-inputs.ts';
import { Node, nodeLoader } from './node.ts';
import { Verdict } from './verdict.ts';
import { mayRead } from './verdict-change.ts';

const STATES = { UNPROVEN: 'HELD', PROCESSED: 'COUNTED', DISMISSED: 'DISMISSED' } as const;

interface UnprovenRecipientShape {
  readonly recipient: StoredAnswer['recipients'][number];
  readonly held: boolean;
}

const UnprovenRecipient = builder.objectRef<UnprovenRecipientShape>('UnprovenRecipient').implement({
  description: 'One recipient that a report speaks of, judged alone.',
  fields: (t) => ({
    address: t.string({
      nullable: true,
      description: 'Whom it speaks of; null = it names nobody. Null for tokens without logs:read.',
      resolve: ({ recipient }, _args, context) => (mayRead(context, 'logs:read') ? recipient.address : null),
    }),
    verdict: t.field({
      type: Verdict,
      nullable: true,
      description: 'As it was judged when it came, or when it was counted.',
      resolve: ({ recipient }) => recipient.verdict,
    }),
    held: t.exposeBoolean('held', { description: 'It lacked proof when it came. What is false here counted at once.' }),
  }),
});

const UnprovenReport = builder.prismaObject('InboundEvent', {
  name: 'UnprovenReport',
  description:
    'A message through a door that authenticates nobody, of which a hard failure or complaint could not be tied to a message of ours.',
  interfaces: [Node],
  // The raw message may be as large as 32 MiB.
  select: { id: true },
  authScopes: ownOr('quarantine:read'),
  fields: (t) => ({
    kind: t.field({
      type: MessageKindEnum,
      select: { answer: true },
      resolve: ({ answer }) => (answer as unknown as StoredAnswer).kind,
    }),
    state: t.field({
      type: UnprovenReportStateEnum,
      select: { state: true },
      resolve: ({ state }) => STATES[state as keyof typeof STATES],
    }),
    recipients: t.field({
      type: [UnprovenRecipient],
      select: { answer: true },
      resolve: ({ answer }) => {
        const { recipients, held, unproven = held } = answer as unknown as StoredAnswer;
        return recipients.map((recipient, index) => ({ recipient, held: unproven.includes(index) }));
      },
    }),
    receivedAt: t.expose('receivedAt', { type: 'DateTime' }),
  }),
});

const UnprovenReportConnection = connectionType(UnprovenReport, 'quarantine:read');

builder.queryField('unprovenReports', (t) =>
  t.field({
    type: UnprovenReportConnection,
    description: 'The reports that are held for want of proof: newest first. A person lets them count, or dismisses them.',
    authScopes: { scope: 'quarantine:read' },
    args: forwardArgs,
    resolve: resolveList({
      list: 'unprovenReports',
      table: sql`inbound_event`,
      where: IS_HELD,
      load: (prisma, query) => prisma.inboundEvent.findMany(query),
    }),
  }),
);

const REFUSALS = [NotFoundErrorType, InvalidStateErrorType];
const CountUnprovenReportResult = resultUnion('CountUnprovenReportResult', 'The report, which counts.', UnprovenReport, REFUSALS);
const DismissUnprovenReportResult = resultUnion('DismissUnprovenReportResult', 'The report, which never counts.', UnprovenReport, REFUSALS);

builder.mutationFields((t) => ({
  countUnprovenReport: t.field({
    type: CountUnprovenReportResult,
    description: 'Vouches for a held report: it counts as it would have when it came. A repeat changes nothing.',
    authScopes: { scope: 'quarantine:write' },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, args, context, info) =>
      orRefusal(async () => {
        const id = decodeGlobalId('UnprovenReport', args.id, 'id');
        await countUnprovenReport(context.instance, id, actorOf(context));
        return changed({ context, info, typeName: 'UnprovenReport', id, scope: 'quarantine:write' }, (prisma, query) =>
          prisma.inboundEvent.findUniqueOrThrow(query),
        );
      }),
  }),
  dismissUnprovenReport: t.field({
    type: DismissUnprovenReportResult,
    description: 'Takes a held report off the list: it never counts, however often the message comes. A repeat changes nothing.',
    authScopes: { scope: 'quarantine:write' },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, args, context, info) =>
      orRefusal(async () => {
        const id = decodeGlobalId('UnprovenReport', args.id, 'id');
        await dismissUnprovenReport(context.instance, id, actorOf(context));
        return changed({ context, info, typeName: 'UnprovenReport', id, scope: 'quarantine:write' }, (prisma, query) =>
          prisma.inboundEvent.findUniqueOrThrow(query),
        );
      }),
  }),
}));

nodeLoader(
  'UnprovenReport',
  (prisma, query) => prisma.inboundEvent.findUnique(query),
  async ({ database }, id) => (await readUnprovenState(database, id)) !== null,
);
