import { readFileParts } from '../store/privacy-file.ts';
import { readPrivacyRequest } from '../store/privacy-requests.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

export interface AccessFile {
  readonly id: bigint;
  readonly bytes: bigint;
  /** The file, piece by piece. */
  pieces(): AsyncGenerator<Uint8Array>;
}

/**
 * The file of an access request; who opens it leaves a line in the audit trail.
 *
 * @returns null where there is none (yet, or any more)
 */
export async function openAccessFile(instance: Instance, id: bigint, actor: Actor): Promise<AccessFile | null> {
  const { database } = instance;
  const request = await readPrivacyRequest(database, id);
  if (request?.type !== 'ACCESS' || request.status !== 'COMPLETE' || request.fileBytes === null) return null;
  const at = instance.now();
  if (request.expiresAt !== null && request.expiresAt <= at) return null;
  await database.transaction((tx) => recordAudit(tx, actor, 'privacy.download', `PrivacyRequest ${id}`, {}, at));
  const bytes = request.fileBytes;
  return { id, bytes, pieces: () => readFileParts(database, id, bytes) };
}
