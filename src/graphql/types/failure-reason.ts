import { FAILURE_REASON_CATALOGUE, type FailureReasonFacts } from '../../domain/failure/failure-reasons.ts';
import { builder } from '../builder.ts';
import { FailureReasonEnum, FailureTypeEnum } from './enums.ts';

const FailureReasonInfo = builder.objectRef<FailureReasonFacts>('FailureReasonInfo').implement({
  description: 'What a failure reason means.',
  fields: (t) => ({
    reason: t.expose('reason', { type: FailureReasonEnum }),
    technicalValue: t.exposeInt('technicalValue', { nullable: true, description: "The vendor's number; null where none is documented." }),
    types: t.field({ type: [FailureTypeEnum], description: 'The types it occurs with.', resolve: ({ types }) => [...types] }),
    label: t.exposeString('label'),
    description: t.exposeString('description'),
    atPreparation: t.exposeBoolean('atPreparation', { description: 'Set by message preparation, not by an answer to a message.' }),
  }),
});

builder.queryField('failureReasons', (t) =>
  t.field({
    type: [FailureReasonInfo],
    description: 'All reasons of a failure or an exclusion.',
    authScopes: { signedIn: true },
    resolve: () => [...FAILURE_REASON_CATALOGUE],
  }),
);
