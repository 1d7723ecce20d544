import { type ListedSetting, listSettings, readSetting } from '../../operations/list-settings.ts';
import { updateSetting } from '../../operations/update-setting.ts';
import { builder } from '../builder.ts';
import { InvalidInputErrorType, NotFoundErrorType, orRefusal, resultUnion } from '../errors.ts';
import { actorOf } from './filter-inputs.ts';

const Setting = builder.objectRef<ListedSetting>('Setting').implement({
  description: 'One figure or choice that the instance goes by.',
  authScopes: { scope: 'admin' },
  fields: (t) => ({
    key: t.exposeString('key'),
    value: t.string({ description: 'As JSON: 5, "hold", true, ["RECIPIENT"], null.', resolve: ({ value }) => JSON.stringify(value) }),
    defaultValue: t.string({
      description: 'What holds where nobody has changed it, as JSON.',
      resolve: ({ defaultValue }) => JSON.stringify(defaultValue),
    }),
    unit: t.exposeString('unit', {
      nullable: true,
      description: 's = seconds, d = days, % = percent; null = a plain figure, a choice or a list.',
    }),
    meaning: t.exposeString('meaning'),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', nullable: true, description: 'null = nobody has changed it.' }),
    updatedBy: t.exposeString('updatedBy', { nullable: true, description: 'Token name.' }),
  }),
});

const UpdateSettingInput = builder.inputType('UpdateSettingInput', {
  fields: (t) => ({
    key: t.string({ required: true }),
    value: t.string({ required: true, description: 'As JSON; a text may stand without its quotes.' }),
  }),
});

const UpdateSettingResult = resultUnion('UpdateSettingResult', 'The setting as it is now.', Setting, [
  InvalidInputErrorType,
  NotFoundErrorType,
]);

builder.queryField('settings', (t) =>
  t.field({
    type: [Setting],
    description: 'All settings of the instance.',
    authScopes: { scope: 'admin' },
    resolve: (_root, _args, { instance }) => listSettings(instance),
  }),
);

builder.mutationField('updateSetting', (t) =>
  t.field({
    type: UpdateSettingResult,
    description: 'Changes one setting; every node goes by it within a second.',
    authScopes: { scope: 'admin' },
    args: { input: t.arg({ type: UpdateSettingInput, required: true }) },
    resolve: (_root, { input }, context) =>
      orRefusal(async () => readSetting(context.instance.database, await updateSetting(context.instance, input, actorOf(context)))),
  }),
);
