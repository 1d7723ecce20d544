import { endImport, type ImportReport as ReportShape } from '../../operations/end-import.ts';
import { builder } from '../builder.ts';
import { InvalidInputErrorType, orRefusal, resultUnion } from '../errors.ts';
import { actorOf } from './filter-inputs.ts';

const EndImportInput = builder.inputType('EndImportInput', {
  fields: (t) => ({
    source: t.string({ required: true, description: 'Where the profiles came from, such as the name of a file.' }),
    addresses: t.int({ required: true, description: 'Addresses that were taken, in all batches.' }),
    inQuarantine: t.int({ required: true, description: 'Of these, those that the quarantine list shuts: `mayContact` tells.' }),
  }),
});

const ImportReport = builder.objectRef<ReportShape>('ImportReport').implement({
  description: 'What is to be said of a whole import of profiles.',
  fields: (t) => ({
    addresses: t.exposeInt('addresses'),
    inQuarantine: t.exposeInt('inQuarantine', { description: 'In quarantine or on the denylist already.' }),
    share: t.exposeFloat('share', { description: 'In per cent.' }),
    warning: t.exposeString('warning', {
      nullable: true,
      description: 'Where the share is above the setting importQuarantineWarning: staff was alerted. null = nothing to warn of.',
    }),
  }),
});

const EndImportResult = resultUnion('EndImportResult', 'The report.', ImportReport, [InvalidInputErrorType]);

builder.mutationField('endImport', (t) =>
  t.field({
    type: EndImportResult,
    description:
      'Ends an import that went through `upsertProfiles` in batches: writes a line into the audit trail, and alerts staff where too much of it was ' +
      'in quarantine already.',
    authScopes: { scope: 'profiles:write' },
    args: { input: t.arg({ type: EndImportInput, required: true }) },
    resolve: (_root, { input }, context) => orRefusal(() => endImport(context.instance, input, actorOf(context))),
  }),
);
