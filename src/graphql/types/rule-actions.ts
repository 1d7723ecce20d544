import { createQualificationRule } from '../../operations/create-qualification-rule.ts';
import { deleteQualificationRule } from '../../operations/delete-qualification-rule.ts';
import { updateQualification } from '../../operations/update-qualification.ts';
import { updateQualificationRule } from '../../operations/update-qualification-rule.ts';
import { builder } from '../builder.ts';
import { ConflictErrorType, InvalidInputErrorType, InvalidStateErrorType, NotFoundErrorType, orRefusal, resultUnion } from '../errors.ts';
import { decodeGlobalId } from '../global-id.ts';
import { changed } from '../selection.ts';
import { Deleted } from './deleted.ts';
import { FailureReasonEnum, FailureTypeEnum, FaultEnum, QualificationStatusEnum } from './enums.ts';
import { actorOf } from './filter-inputs.ts';
import { MessageQualification } from './qualification.ts';
import { QualificationRule } from './rule.ts';

const UpdateQualificationInput = builder.inputType('UpdateQualificationInput', {
  description: 'An absent field keeps.',
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedVersion: t.int({ description: 'Refused with ConflictError where the row has moved on.' }),
    type: t.field({ type: FailureTypeEnum }),
    reason: t.field({ type: FailureReasonEnum }),
    fault: t.field({ type: FaultEnum }),
    status: t.field({ type: QualificationStatusEnum }),
    occurrences: t.int(),
  }),
});

export const QualificationRuleInput = builder.inputType('QualificationRuleInput', {
  fields: (t) => ({
    name: t.string({ required: true, description: 'Unique.' }),
    position: t.int({ description: 'Absent: after the other rules of users.' }),
    patterns: t.stringList({ required: true, defaultValue: [], description: 'Strings, any of which must be contained.' }),
    regex: t.string({ description: 'Or one regular expression of linear cost.' }),
    type: t.field({ type: FailureTypeEnum, required: true }),
    reason: t.field({ type: FailureReasonEnum, required: true }),
    fault: t.field({ type: FaultEnum, description: 'Absent: that of the reason.' }),
    active: t.boolean({ required: true, defaultValue: true }),
    shadow: t.boolean({ required: true, defaultValue: false, description: 'Matches and counts, but decides nothing.' }),
  }),
});

const UpdateQualificationRuleInput = builder.inputType('UpdateQualificationRuleInput', {
  description: 'An absent field keeps, null clears.',
  fields: (t) => ({
    id: t.id({ required: true }),
    expectedVersion: t.int({ description: 'Refused with ConflictError where the rule has moved on.' }),
    name: t.string(),
    position: t.int(),
    patterns: t.stringList(),
    regex: t.string(),
    type: t.field({ type: FailureTypeEnum }),
    reason: t.field({ type: FailureReasonEnum }),
    fault: t.field({ type: FaultEnum, description: 'null: that of the reason.' }),
    active: t.boolean(),
    shadow: t.boolean(),
  }),
});

const EDITED = [NotFoundErrorType, ConflictErrorType, InvalidInputErrorType];
const UpdateQualificationResult = resultUnion('UpdateQualificationResult', 'The row as it is now.', MessageQualification, EDITED);
const CreateQualificationRuleResult = resultUnion('CreateQualificationRuleResult', 'The new rule.', QualificationRule, [
  ConflictErrorType,
  InvalidInputErrorType,
]);
const UpdateQualificationRuleResult = resultUnion('UpdateQualificationRuleResult', 'The rule as it is now.', QualificationRule, EDITED);
const DeleteQualificationRuleResult = resultUnion('DeleteQualificationRuleResult', 'The rule is gone.', Deleted, [
  NotFoundErrorType,
  InvalidStateErrorType,
]);

builder.mutationFields((t) => ({
  updateQualification: t.field({
    type: UpdateQualificationResult,
    description: 'Type, reason, fault and status set here decide from now on, before any rule.',
    authScopes: { scope: 'rules:write' },
    args: { input: t.arg({ type: UpdateQualificationInput, required: true }) },
    resolve: (_root, { input }, context, info) =>
      orRefusal(async () => {
        const id = decodeGlobalId('MessageQualification', input.id, 'input.id');
        await updateQualification(context.instance, { ...input, id }, actorOf(context));
        return changed({ context, info, typeName: 'MessageQualification', id, scope: 'rules:write' }, (prisma, query) =>
          prisma.qualification.findUniqueOrThrow(query),
        );
      }),
  }),
  createQualificationRule: t.field({
    type: CreateQualificationRuleResult,
    description: 'Adds a rule of a user: it is tried before the shipped ones, on all nodes within a second.',
    authScopes: { scope: 'rules:write' },
    args: { input: t.arg({ type: QualificationRuleInput, required: true }) },
    resolve: (_root, { input }, context, info) =>
      orRefusal(async () => {
        const id = await createQualificationRule(context.instance, input, actorOf(context));
        return changed({ context, info, typeName: 'QualificationRule', id, scope: 'rules:write' }, (prisma, query) =>
          prisma.qualificationRule.findUniqueOrThrow(query),
        );
      }),
  }),
  updateQualificationRule: t.field({
    type: UpdateQualificationRuleResult,
    description:
      'Changes a rule, on all nodes within a second. Of a rule that no user made only `active`, `shadow` and `position` change: what it says ' +
      'comes with the product. To decide otherwise, make a rule of your own; `resetQualificationRules` brings the defaults back.',
    authScopes: { scope: 'rules:write' },
    args: { input: t.arg({ type: UpdateQualificationRuleInput, required: true }) },
    resolve: (_root, { input }, context, info) =>
      orRefusal(async () => {
        const id = decodeGlobalId('QualificationRule', input.id, 'input.id');
        await updateQualificationRule(context.instance, { ...input, id }, actorOf(context));
        return changed({ context, info, typeName: 'QualificationRule', id, scope: 'rules:write' }, (prisma, query) =>
          prisma.qualificationRule.findUniqueOrThrow(query),
        );
      }),
  }),
  deleteQualificationRule: t.field({
    type: DeleteQualificationRuleResult,
    description: 'Deletes a rule of a user. Rules that ship with the product are switched off instead.',
    authScopes: { scope: 'rules:write' },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, args, context) =>
      orRefusal(async () => {
        await deleteQualificationRule(context.instance, decodeGlobalId('QualificationRule', args.id, 'id'), actorOf(context));
        return { id: args.id };
      }),
  }),
}));
