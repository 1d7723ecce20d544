import type { Meaning } from '../../domain/qualification/verdict.ts';
import type { VerdictChange as VerdictChangeShape } from '../../domain/qualification/verdict-changes.ts';
import { mayUse, type Scope } from '../../operations/scopes.ts';
import type { SampledFailure } from '../../store/requalification.ts';
import { builder } from '../builder.ts';
import type { GraphQLContext } from '../context.ts';
import { FailureReasonEnum, FailureTypeEnum, FaultEnum } from './enums.ts';

/** May the caller be shown what this scope reads, where the field around it is open to others too? */
export const mayRead = ({ caller }: GraphQLContext, scope: Scope) => caller !== null && mayUse(caller.scopes, scope);

const FailureMeaning = builder.objectRef<Meaning>('FailureMeaning').implement({
  description: 'What a failure is taken for.',
  fields: (t) => ({
    type: t.expose('type', { type: FailureTypeEnum }),
    reason: t.expose('reason', { type: FailureReasonEnum }),
    fault: t.expose('fault', { type: FaultEnum }),
  }),
});

export const VerdictChange = builder.objectRef<VerdictChangeShape>('VerdictChange').implement({
  description: 'Failures that were taken for one thing and are, or would be, taken for another, or for the same.',
  fields: (t) => ({
    before: t.expose('before', { type: FailureMeaning }),
    after: t.expose('after', { type: FailureMeaning }),
    failures: t.exposeInt('failures'),
  }),
});

export const ChangedFailure = builder.objectRef<SampledFailure>('ChangedFailure').implement({
  description: 'One failure that is, or would be, taken for something else.',
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
