import { type GrowthPoint, quarantineGrowth } from '../../domain/growth/quarantine-growth.ts';
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
