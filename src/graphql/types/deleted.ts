import { builder } from '../builder.ts';

export const Deleted = builder.objectRef<{ readonly id: string }>('Deleted').implement({
  description: 'The object with this id is gone.',
  fields: (t) => ({ id: t.exposeID('id') }),
});
