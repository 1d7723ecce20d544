import { previewRule, type RulePreview } from '../../operations/preview-rule.ts';
import { refusedAsBadInput } from '../bad-input.ts';
import { builder } from '../builder.ts';
import { QualificationRuleInput } from './rule-actions.ts';
import { ChangedFailure, mayRead, VerdictChange } from './verdict-change.ts';

const ADDRESSES = 20;

const RulePreviewType = builder.objectRef<RulePreview>('RulePreview').implement({
  description: 'What the failures of the last days would have become. Nothing is changed.',
  fields: (t) => ({
    from: t.expose('from', { type: 'DateTime', description: 'Failures from this instant on were looked at.' }),
    examined: t.exposeInt('examined', { description: 'Failures that were looked at, the newest first, at most 100,000.' }),
    cut: t.exposeBoolean('cut', { description: 'There were more failures: the older ones were left out.' }),
    matched: t.exposeInt('matched', { description: 'Failures that the rule would decide, or would no longer decide.' }),
    changes: t.field({ type: [VerdictChange], description: 'By old and new verdict.', resolve: ({ changes }) => [...changes] }),
    samples: t.field({ type: [ChangedFailure], description: 'The newest ones, up to 20.', resolve: ({ samples }) => [...samples] }),
    releasedCount: t.int({
      description: 'Addresses that are in quarantine and would not be. Never what a person or an import decided.',
      resolve: ({ released }) => released.length,
    }),
    newlyQuarantinedCount: t.int({
      description: 'Addresses that are not in quarantine and would be.',
      resolve: ({ newlyQuarantined }) => newlyQuarantined.length,
    }),
    released: t.stringList({
      nullable: true,
      description: 'Up to 20 of these addresses. Null for tokens without quarantine:read.',
      resolve: ({ released }, _args, context) => (mayRead(context, 'quarantine:read') ? released.slice(0, ADDRESSES) : null),
    }),
    newlyQuarantined: t.stringList({
      nullable: true,
      description: 'Up to 20 of these addresses. Null for tokens without quarantine:read.',
      resolve: ({ newlyQuarantined }, _args, context) =>
        mayRead(context, 'quarantine:read') ? newlyQuarantined.slice(0, ADDRESSES) : null,
    }),
  }),
});

builder.queryField('previewRule', (t) =>
  t.field({
    type: RulePreviewType,
    description:
      'Tries a rule on the failures of the last days. A rule of the same name is replaced in the trial, so that an edit can be tried.',
    authScopes: { scope: 'rules:read' },
    complexity: { field: 100 },
    args: {
      input: t.arg({ type: QualificationRuleInput, required: true }),
      days: t.arg.int({ required: true, defaultValue: 30, description: '1 to 366.' }),
    },
    resolve: (_root, { input, days }, { instance }) => refusedAsBadInput(() => previewRule(instance, input, days)),
  }),
);
