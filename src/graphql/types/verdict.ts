import type { Verdict as VerdictShape } from '../../domain/qualification/verdict.ts';
import { qualifyText } from '../../operations/qualify-text.ts';
import { refusedAsBadInput } from '../bad-input.ts';
import { builder } from '../builder.ts';
import { ChannelEnum, EventOriginEnum, FailureReasonEnum, FailureTypeEnum, FaultEnum } from './enums.ts';

export const Verdict = builder.objectRef<VerdictShape>('Verdict').implement({
  description: 'What a failure text means, with the evidence.',
  fields: (t) => ({
    type: t.expose('type', { type: FailureTypeEnum }),
    reason: t.expose('reason', { type: FailureReasonEnum }),
    fault: t.expose('fault', { type: FaultEnum }),
    decidedBy: t.exposeString('decidedBy', {
      description:
        "What decided: 'qualification <md5>' (one that a person edited), 'rule User_unknown', 'status 5.1.1', 'reply 550', 'fallback'.",
    }),
    normalizedText: t.exposeString('normalizedText', { description: 'The text without what varies from message to message.' }),
    md5: t.exposeString('md5', { description: 'Hex MD5 of the UTF-8 normalised text.' }),
    smtpCode: t.exposeInt('smtpCode', { nullable: true }),
    enhancedCode: t.exposeString('enhancedCode', { nullable: true }),
  }),
});

const QualifyTextInput = builder.inputType('QualifyTextInput', {
  fields: (t) => ({
    channel: t.field({ type: ChannelEnum, required: true, defaultValue: 'EMAIL' }),
    text: t.string({ required: true, description: 'The raw answer or report.' }),
    recipient: t.string({ description: 'Taken out of the normalised text.' }),
    origin: t.field({ type: EventOriginEnum, required: true, defaultValue: 'SYNC' }),
  }),
});

builder.queryField('qualify', (t) =>
  t.field({
    type: Verdict,
    description: 'Qualify a text without recording anything.',
    authScopes: { scope: 'rules:read' },
    args: { input: t.arg({ type: QualifyTextInput, required: true }) },
    resolve: (_root, { input }, { instance }) => refusedAsBadInput(() => qualifyText(instance, input)),
  }),
);
