import { part, type ReasonFigures } from '../../domain/statistics/domain-figures.ts';
import {
  type DomainStatistics as DomainStatisticsShape,
  domainStatistics,
  failuresOfAllDomains,
  MOST_DOMAINS,
  STATISTICS_PERIODS,
} from '../../operations/domain-statistics.ts';
import { refusedAsBadInput } from '../bad-input.ts';
import { batched } from '../batch.ts';
import { builder } from '../builder.ts';
import { ChannelEnum, FailureReasonEnum } from './enums.ts';

const FIRST = 20;
/** A list costs its domains and, where periods are asked for, about a fortnight of them. */
const PERIODS_COUNTED = 14;

const StatisticsPeriodEnum = builder.enumType('StatisticsPeriod', {
  description: 'Hours and days begin as in UTC. Hours are kept for two days.',
  values: STATISTICS_PERIODS,
});

const DomainFailureReason = builder.objectRef<ReasonFigures>('DomainFailureReason').implement({
  description: 'One reason among the failures at a receiving domain. Shares are 0 to 1.',
  authScopes: { scope: 'logs:read' },
  fields: (t) => ({
    reason: t.expose('reason', { type: FailureReasonEnum }),
    count: t.exposeInt('count'),
    shareOfFailures: t.exposeFloat('shareOfFailures', { description: 'Of the failures of this domain.' }),
    shareOfMessages: t.exposeFloat('shareOfMessages', { description: 'Of all results of this domain.' }),
  }),
});

const DomainStatistics = builder.objectRef<DomainStatisticsShape>('DomainStatistics').implement({
  description: 'What became of messages at one receiving domain in one period. Shares are 0 to 1; of nothing they are 0.',
  authScopes: { scope: 'logs:read' },
  fields: (t) => ({
    channel: t.expose('channel', { type: ChannelEnum }),
    domain: t.exposeString('domain'),
    from: t.expose('from', { type: 'DateTime', description: 'Included.' }),
    to: t.expose('to', { type: 'DateTime', description: 'Not included.' }),
    messages: t.exposeInt('messages', {
      description: 'Results: messages delivered or failed. One that was delivered and bounced later has two.',
    }),
    delivered: t.exposeInt('delivered'),
    failures: t.exposeInt('failures'),
    failureShare: t.exposeFloat('failureShare', { description: 'The error rate: failures among the results.' }),
    invalid: t.exposeInt('invalid', {
      description: 'Failures that say the address is none: USER_UNKNOWN, INVALID_DOMAIN, ACCOUNT_DISABLED.',
    }),
    invalidShare: t.exposeFloat('invalidShare', {
      description: 'Invalid addresses among the results: too many of them make a sender look like spam.',
    }),
    shareOfAllFailures: t.float({
      description: 'The failures of this domain among those of all domains of the channel in the same period.',
      resolve: (figures, _args, context) =>
        batched(context, `failures ${figures.channel} ${figures.from.getTime()} ${figures.to.getTime()}`, figures, async () => {
          const all = await failuresOfAllDomains(context.instance, figures);
          return ({ failures }: DomainStatisticsShape) => part(failures, all);
        }),
    }),
    reasons: t.field({
      type: [DomainFailureReason],
      description: 'The most frequent first.',
      complexity: { field: 1, multiplier: 5 },
      resolve: ({ reasons }) => [...reasons],
    }),
  }),
});

builder.queryField('domainStatistics', (t) =>
  t.field({
    type: [DomainStatistics],
    description:
      'Error rate, share of invalid addresses and failures by reason, by receiving domain and period: domains with the most results first, then by ' +
      'time. At most two seconds old. By when a result happened, not by when it was told. Times more than two days ago are widened to whole days (UTC).',
    authScopes: { scope: 'logs:read' },
    complexity: ({ first, period }) => ({
      field: 10,
      multiplier: Math.min(Math.max(first ?? FIRST, 1), MOST_DOMAINS) * (period ? PERIODS_COUNTED : 1),
    }),
    args: {
      channel: t.arg({ type: ChannelEnum, required: true, defaultValue: 'EMAIL' }),
      domain: t.arg.stringList({ description: 'Absent: those with the most results.' }),
      from: t.arg({ type: 'DateTime', required: true }),
      to: t.arg({ type: 'DateTime', description: 'Absent: now.' }),
      period: t.arg({ type: StatisticsPeriodEnum, description: 'Absent: the whole time in one.' }),
      first: t.arg.int({ description: `Domains at most: 1 to ${MOST_DOMAINS}; ${FIRST} where it is absent.` }),
    },
    resolve: (_root, { channel, domain, from, to, period, first }, { instance }) =>
      refusedAsBadInput(() =>
        domainStatistics(instance, {
          channel,
          domains: domain ?? null,
          from,
          to: to ?? null,
          period: period ?? null,
          first: first ?? FIRST,
        }),
      ),
  }),
);
