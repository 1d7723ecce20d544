import { type GrowthPoint, quarantineGrowth } from '../../domain/growth/quarantine-growth.ts';
import { type Share, shareOf } from '../../domain/growth/share.ts';
import { readShares, type StoredShare } from '../../store/quarantine-share.ts';
import { badInput } from '../bad-input.ts';
import { builder } from '../builder.ts';

const QuarantineGrowthPoint = builder.objectRef<GrowthPoint>('QuarantineGrowthPoint').implement({
  description: 'The share of quarantined addresses at the end of one year.',
  fields: (t) => ({
    year: t.exposeInt('year'),
    ratio: t.exposeFloat('ratio'),
    label: t.exposeString('label', { description: "In per cent, truncated to one decimal: '32.5 %'." }),
    extrapolated: t.exposeBoolean('extrapolated', { description: 'Beyond the years for which figures are documented.' }),
  }),
});

builder.queryField('quarantineGrowth', (t) =>
  t.field({
    type: [QuarantineGrowthPoint],
    description: 'How the share of quarantined addresses grows with the age of a database.',
    authScopes: { scope: 'quarantine:read' },
    args: {
      addressLifetimeYears: t.arg.float({ required: true, description: 'Mean life of an address.' }),
      annualGrowth: t.arg.float({ required: true, description: 'Growth of the database in a year: 0.5 = half as many again.' }),
      years: t.arg.int({ required: true }),
    },
    resolve: (_root, args) => {
      const result = quarantineGrowth(args);
      if (!result.ok) throw badInput(`The argument "${result.field}" does not fit. ${result.message}`);
      return [...result.points];
    },
  }),
);

const QuarantineDomainShare = builder.objectRef<Share & { readonly domain: string }>('QuarantineDomainShare').implement({
  description: 'The share of shut addresses at one domain: what its provider holds against the sender.',
  fields: (t) => ({
    domain: t.exposeString('domain'),
    known: t.exposeInt('known', { description: 'Addresses of the domain that a profile held or the quarantine list named.' }),
    shut: t.exposeInt('shut', { description: 'Those of them in QUARANTINE or DENYLISTED.' }),
    ratio: t.exposeFloat('ratio'),
    label: t.exposeString('label', { description: "In per cent, truncated to one decimal: '32.5 %'." }),
  }),
});

const MONTHS_MAX = 120;
const DOMAINS = 10;

const QuarantineSharePoint = builder.objectRef<StoredShare>('QuarantineSharePoint').implement({
  description: 'The actual share of shut addresses at the end of one month.',
  fields: (t) => ({
    month: t.exposeString('month', { description: "Such as '2026-10', in the time zone of the instance." }),
    endedAt: t.expose('endedAt', { type: 'DateTime', description: 'The first instant of the next month.' }),
    known: t.exposeInt('known', { description: 'Addresses that a profile held or the quarantine list named; each counts once.' }),
    shut: t.exposeInt('shut', { description: 'Those of them in QUARANTINE or DENYLISTED.' }),
    ratio: t.float({ description: 'Shut over known, to four digits; 0 where none was known.', resolve: (point) => shareOf(point).ratio }),
    label: t.string({ description: "In per cent, truncated to one decimal: '32.5 %'.", resolve: (point) => shareOf(point).label }),
    domains: t.field({
      type: [QuarantineDomainShare],
      description: 'The same of the 100 domains with the most addresses, the largest first.',
      complexity: { field: 1, multiplier: DOMAINS },
      resolve: ({ domains }) => domains.map(({ domain, ...counted }) => ({ domain, ...shareOf(counted) })),
    }),
  }),
});

builder.queryField('quarantineShare', (t) =>
  t.field({
    type: [QuarantineSharePoint],
    description:
      'How the share of shut addresses has grown, beside what quarantineGrowth projects: the months that are over, the oldest first. The cleanup of the night after its end writes a month down, from the ledger.',
    authScopes: { scope: 'quarantine:read' },
    args: { months: t.arg.int({ required: true, defaultValue: 12, description: `The last so many months, 1 to ${MONTHS_MAX}.` }) },
    complexity: ({ months }) => ({ field: 1, multiplier: Math.min(Math.max(months ?? 1, 1), MONTHS_MAX) }),
    resolve: (_root, { months }, { instance }) => {
      if (months < 1 || months > MONTHS_MAX) throw badInput(`The argument "months" takes a whole number from 1 to ${MONTHS_MAX}.`);
      return readShares(instance.database, months);
    },
  }),
);
