import type { RuleReset } from '../../domain/qualification/plan-rule-reset.ts';
import { resetQualificationRules } from '../../operations/reset-qualification-rules.ts';
import { builder } from '../builder.ts';
import { actorOf } from './filter-inputs.ts';

const ResetQualificationRulesInput = builder.inputType('ResetQualificationRulesInput', {
  fields: (t) => ({
    removeUserRules: t.boolean({
      required: true,
      defaultValue: false,
      description: 'true: the rules that users made go too, for good. false: they stand.',
    }),
    dryRun: t.boolean({ required: true, defaultValue: false, description: 'true: say what would change, change nothing.' }),
  }),
});

const QualificationRulesReset = builder.objectRef<RuleReset>('QualificationRulesReset').implement({
  description: 'What a reset of the rules changed, or would change; all are names of rules.',
  fields: (t) => ({
    restored: t.stringList({
      description: 'Shipped rules that stood differently from how they ship: switched off, in shadow, or at another place.',
      resolve: ({ restored }) => [...restored],
    }),
    removedUpdates: t.stringList({
      description: 'Rules of deliverability updates. Texts that are still KEEP make theirs again with the next update.',
      resolve: ({ removedUpdates }) => [...removedUpdates],
    }),
    removedUserRules: t.stringList({ resolve: ({ removedOwn }) => [...removedOwn] }),
    keptUserRules: t.stringList({
      description: 'They are still tried before the shipped rules.',
      resolve: ({ keptOwn }) => [...keptOwn],
    }),
    nameTaken: t.stringList({
      description: "Shipped rules that stay away because a user's rule that stands has their name.",
      resolve: ({ nameTaken }) => [...nameTaken],
    }),
  }),
});

builder.mutationField('resetQualificationRules', (t) =>
  t.field({
    type: QualificationRulesReset,
    description:
      'Brings the shipped rules back as they ship and removes those of deliverability updates. What people said of single texts stands.',
    authScopes: { scope: 'rules:write' },
    args: { input: t.arg({ type: ResetQualificationRulesInput, required: true, defaultValue: { removeUserRules: false, dryRun: false } }) },
    resolve: (_root, { input }, context) => resetQualificationRules(context.instance, input, actorOf(context)),
  }),
);
