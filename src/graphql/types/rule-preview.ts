import type { Meaning } from '../../domain/qualification/verdict.ts';
import { type ChangedFailure, previewRule, type RulePreview, type VerdictChange } from '../../operations/preview-rule.ts';
import { mayUse, type Scope } from '../../operations/scopes.ts';
import { refusedAsBadInput } from '../bad-input.ts';
import { builder } from '../builder.ts';
import type { GraphQLContext } from '../context.ts';
import { FailureReasonEnum, FailureTypeEnum, FaultEnum } from './enums.ts';
import { QualificationRuleInput } from './rule-actions.ts';

const ADDRESSES = 20;

const mayRead = ({ caller }: GraphQLContext, scope: Scope) => caller !== null && mayUse(caller.scopes, scope);

const FailureMeaning = builder.objectRef<Meaning>('FailureMeaning').implement({
  description: 'What a failure is taken for.',
  fields: (t) => ({
    type: t.expose('type', { type: FailureTypeEnum }),
    reason: t.expose('reason', { type: FailureReasonEnum }),
    fault: t.expose('fault', { type: FaultEnum }),
  }),
});

const VerdictChangeType = builder.objectRef<VerdictChange>('VerdictChange').implement({
  description: 'Failures that were taken for one thing and would be taken for another, or for the same.',
  fields: (t) => ({
    before: t.expose('before', { type: FailureMeaning }),
    after: t.expose('after', { type: FailureMeaning }),
    failures: t.exposeInt('failures'),
  }),
});

const ChangedFailureType = builder.objectRef<ChangedFailure>('ChangedFailure').implement({
  description: 'One failure that would be taken for something else.',
  fields: (t) => ({
    rawText: t.exposeString('rawText', { description: 'As it was received.' }),
    address: t.string({
      nullable: true,
      description: 'Whose it was. Null for tokens without logs:read.',
      resolve: ({ address }, _args, context) => (mayRead(context, 'logs:read') ? address : null),
    }),
    occurredAt: t.expose('occurredAt', { type: 'DateTime' }),
    before: t.expose('before', { type: FailureMeaning }),
    after: t.expose('after', { type: FailureMeaning }),
  }),
});

const RulePreviewType = builder.objectRef<RulePreview>('RulePreview').implement({
  description: 'What the failures of the last days would have become. Nothing is changed.',
  fields: (t) => ({
    from: t.expose('from', { type: 'DateTime', description: 'Failures from this instant on were looked at.' }),
    examined: t.exposeInt('examined', { description: 'Failures that were looked at, the newest first, at most 100,000.' }),
    cut: t.exposeBoolean('cut', { description: 'There were more failures: the older ones were left out.' }),
    matched: t.exposeInt('matched', { description: 'Failures that the rule would decide, or would no longer decide.' }),
    changes: t.field({ type: [VerdictChangeType], description: 'By old and new verdict.', resolve: ({ changes }) => [...changes] }),
    samples: t.field({ type: [ChangedFailureType], description: 'The newest ones, up to 20.', resolve: ({ samples }) => [...samples] }),
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
