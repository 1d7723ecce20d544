import { DAY_MS } from '../domain/settings/settings.ts';
import { FILE_SECTIONS, type FileSubject, writeRowsPart, writeTextPart } from '../store/privacy-file.ts';
import { advancePrivacyRequest, endPrivacyRequest, lockPrivacyRequest, type StoredPrivacyRequest } from '../store/privacy-requests.ts';
import { findSubject, nameSubject, type PrivacySubject } from './find-privacy-subject.ts';
import type { Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

/** What a file in the making remembers. */
interface AccessWork {
  readonly subject: PrivacySubject;
  /** Parts written so far. */
  readonly parts: number;
  /** Rows of the section that is being written. */
  readonly rows: number;
}

/** Finds whose data it is and writes the head of the file. @returns false: sections are left */
export async function beginAccess(instance: Instance, request: StoredPrivacyRequest): Promise<boolean> {
  const at = instance.now();
  const book = await instance.addressBook();
  await instance.database.transaction(async (tx) => {
    const { namespace, value, profileId } = request;
    const named = namespace === null ? { namespace, value, addresses: [], profileId } : await nameSubject(tx, book, { namespace, value });
    const subject = await findSubject(tx, book, named, false);
    const now = await lockPrivacyRequest(tx, request.id);
    if (now?.status !== request.status || now.work !== null) return;
    await writeTextPart(tx, request.id, 0, headOf(request, subject, at));
    const work: AccessWork = { subject, parts: 1, rows: 0 };
    const report = { counts: {}, shared: subject.alsoHeld };
    await advancePrivacyRequest(tx, request.id, { status: 'PROCESSING', work, step: 0, position: 0n, report });
  });
  return false;
}

function headOf(
  { id, regulation, namespace, value, createdAt }: StoredPrivacyRequest,
  { person, alsoHeld }: PrivacySubject,
  at: Date,
): string {
  const head = {
    id: id.toString(),
    regulation,
    namespace,
    value,
    profileId: person?.id ?? null,
    requestedAt: createdAt,
    gatheredAt: at,
    // Whoever else holds an address is not named to this person.
    addressesThatOthersHoldToo: alsoHeld.map(({ channel, address }) => ({ channel, address })),
  };
  return `{"request": ${JSON.stringify(head)}`;
}

/** Writes the next rows of the file. @returns whether it is complete */
export async function gatherSlice(instance: Instance, request: StoredPrivacyRequest, size: number): Promise<boolean> {
  const work = request.work as AccessWork;
  const { step, position, id } = request;
  const section = FILE_SECTIONS[step];
  const at = instance.now();
  const { privacyFileRetention } = await instance.settings();
  return instance.database.transaction(async (tx) => {
    const now = await lockPrivacyRequest(tx, id);
    if (now?.status !== request.status || now.step !== step || now.position !== position) return false;
    if (section === undefined) {
      await writeTextPart(tx, id, work.parts, '\n}\n');
      await endPrivacyRequest(tx, id, { at, expiresAt: new Date(at.getTime() + privacyFileRetention * DAY_MS) });
      await recordAudit(tx, { name: request.actor, tokenId: null }, 'privacy.gathered', `PrivacyRequest ${id}`, {}, at);
      return true;
    }
    const separator = work.rows === 0 ? `,\n${JSON.stringify(section.name)}: [\n` : ',\n';
    const subject = fileSubject(work.subject);
    const written = await writeRowsPart(tx, { requestId: id, part: work.parts, section, subject, after: position, size, separator });
    const counts = { ...now.report.counts, [section.name]: work.rows + written.rows };
    if (written.last !== null) {
      const next: AccessWork = { ...work, parts: work.parts + 1, rows: work.rows + written.rows };
      await advancePrivacyRequest(tx, id, {
        status: 'PROCESSING',
        work: next,
        step,
        position: written.last,
        report: { ...now.report, counts },
      });
      return false;
    }
    await writeTextPart(tx, id, work.parts, work.rows === 0 ? `,\n${JSON.stringify(section.name)}: []` : '\n]');
    const next: AccessWork = { ...work, parts: work.parts + 1, rows: 0 };
    await advancePrivacyRequest(tx, id, {
      status: 'PROCESSING',
      work: next,
      step: step + 1,
      position: 0n,
      report: { ...now.report, counts },
    });
    return false;
  });
}

function fileSubject({ person, addresses, shared }: PrivacySubject): FileSubject {
  const keys = (list: PrivacySubject['addresses']) => list.map(({ addressKey }) => addressKey);
  return { profileId: person === null ? null : BigInt(person.id), keys: keys(addresses), sharedKeys: keys(shared) };
}
