import { sql } from '../../store/database.ts';
import { builder } from '../builder.ts';
import { connectionType, forwardArgs, resolveList } from '../connection.ts';
import { Node, nodeLoader } from './node.ts';

const AuditEntry = builder.prismaObject('AuditEntry', {
  description: 'One change that a person or token made.',
  interfaces: [Node],
  authScopes: { scope: 'admin' },
  fields: (t) => ({
    actor: t.exposeString('actor'),
    action: t.exposeString('action', { description: 'Such as quarantine.update.' }),
    subject: t.exposeString('subject', { description: 'What was changed, such as QuarantineEntry 12.' }),
    detail: t.exposeString('detail', { description: 'What was changed about it, as JSON.' }),
    occurredAt: t.expose('occurredAt', { type: 'DateTime' }),
  }),
});

const AuditEntryConnection = connectionType(AuditEntry, 'admin');

builder.queryField('auditLog', (t) =>
  t.field({
    type: AuditEntryConnection,
    description: 'Every change that a person or token made: newest first.',
    authScopes: { scope: 'admin' },
    args: forwardArgs,
    resolve: resolveList({
      list: 'auditLog',
      table: sql`audit_entry`,
      where: sql`true`,
      load: (prisma, query) => prisma.auditEntry.findMany(query),
    }),
  }),
);

nodeLoader('AuditEntry', (prisma, query) => prisma.auditEntry.findUnique(query));
