import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

/** Writes the beginning and the end of an import into the audit trail; its batches are transactions of their own and write none. */
export async function recordImport(
  instance: Instance,
  what: 'profiles' | 'quarantine',
  stage: 'begin' | 'end',
  detail: object,
  actor: Actor,
): Promise<void> {
  const action = `${what === 'profiles' ? 'profile' : 'quarantine'}.import.${stage}`;
  const subject = what === 'profiles' ? 'Profile' : 'QuarantineEntry';
  await instance.database.transaction((tx) => recordAudit(tx, actor, action, subject, detail, instance.now()));
}
