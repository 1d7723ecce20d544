/**
 * Erasing a person or an address (RET-2, RET-3, amendment A8), in slices that may be killed anywhere.
 *
 * First, in one short transaction under the locks of the addresses: their keys are made known, so that from its commit on nothing comes in in
 * clear and nothing is prepared or imported; their entries are shut; the profile and its addresses are gone. Then the logs and ledgers are
 * overwritten, table by table and index by index, twice: whatever was being copied while the first walk went by is met by the second.
 */
import { erasedAddress } from '../domain/address/erased-address.ts';
import type { PersonWords } from '../domain/privacy/redact-text.ts';
import { eraseEntry } from '../domain/quarantine/erase-entry.ts';
import { sameState } from '../domain/quarantine/manual-edit.ts';
import { type Queryable, sql } from '../store/database.ts';
import type { ErasedOf } from '../store/erase-slice.ts';
import { ERASE_TASKS, type EraseTask } from '../store/erase-slices.ts';
import { displaySql, holdErasures, insertErasedKeys, readErasedKeys } from '../store/erased-keys.ts';
import { lockAddresses, lockEntries, type StoredEntry, uuids } from '../store/feedback-reads.ts';
import { entryName, insertEntries, insertQuarantineLines, updateEntries } from '../store/feedback-writes.ts';
import {
  advancePrivacyRequest,
  coverPrivacyRequest,
  endPrivacyRequest,
  lockPrivacyRequest,
  type PrivacyReport,
  type StoredPrivacyRequest,
} from '../store/privacy-requests.ts';
import type { FoundAddress } from '../store/privacy-subject.ts';
import { lastVersions } from '../store/quarantine-import.ts';
import { findSubject, nameSubject, type PrivacySubject } from './find-privacy-subject.ts';
import type { AddressBook, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

const WALKS = 2;

/** Makes the erasure known and shuts the addresses. @returns false: slices are left */
export async function beginErasure(instance: Instance, request: StoredPrivacyRequest): Promise<boolean> {
  const { database } = instance;
  const book = await instance.addressBook();
  const at = instance.now();
  await database.transaction(async (tx) => {
    await holdErasures(tx);
    const named = await subjectOf(tx, book, request);
    const subject = await findSubject(tx, book, named, request.eraseShared);
    const { person, addresses, shared, alsoHeld } = subject;
    const keys = addresses.map(({ addressKey }) => addressKey);
    await lockAddresses(tx, keys);
    const now = await lockPrivacyRequest(tx, request.id);
    if (now?.status !== request.status || now.work !== null) return;
    const { denylisted, entries } = await shutEntries(tx, addresses, request.actor, at);
    const erased = addresses.map(({ addressKey: key, channel }) => ({ key, channel, denylisted: denylisted.has(key) }));
    const ids = person?.externalId == null ? [] : [{ key: book.externalIdKey(person.externalId), channel: null, denylisted: false }];
    await insertErasedKeys(tx, [...erased, ...ids], request.id, at);
    const counts = await deletePerson(tx, person === null ? null : BigInt(person.id));
    const [asked] = named.addresses;
    await coverPrivacyRequest(tx, request.id, {
      value: asked === undefined ? null : erasedAddress(asked.addressKey),
      addressKeys: [...keys, ...shared.map(({ addressKey }) => addressKey)],
      profileId: person === null ? request.profileId : BigInt(person.id),
    });
    // What stays with others is told in clear; what was erased by its display form.
    const told = alsoHeld.map((held) => (held.kept ? held : { ...held, address: displayOf(addresses, held) }));
    const report = { counts: { ...counts, quarantine_entry: entries }, shared: told };
    await advancePrivacyRequest(tx, request.id, { status: 'DELETE_IN_PROGRESS', work: subject, step: 0, position: 0n, report });
  });
  database.hints.notify('QUARANTINE');
  return false;
}

/** By address again as it was asked; by profile through its id. */
async function subjectOf(tx: Queryable, book: AddressBook, { namespace, value, profileId }: StoredPrivacyRequest) {
  if (namespace !== null) return nameSubject(tx, book, { namespace, value });
  return { namespace: null, value: null, addresses: [], profileId };
}

function displayOf(addresses: readonly FoundAddress[], { channel, address }: { channel: string; address: string }): string {
  const found = addresses.find((one) => one.channel === channel && one.value === address);
  return erasedAddress(found?.addressKey ?? '');
}

/** Shuts the entries of the addresses, each with its line in the ledger, and takes address and text out of them. */
async function shutEntries(tx: Queryable, addresses: readonly FoundAddress[], actor: string, at: Date) {
  const keys = addresses.map(({ addressKey }) => addressKey);
  const stored = await lockEntries(tx, keys);
  const versions = await lastVersions(tx, keys);
  const before = await readErasedKeys(tx, keys);
  const shut = addresses.flatMap(({ channel, addressKey }) => {
    const own = stored.filter((entry) => entry.addressKey === addressKey);
    const main = own.some(({ shortCode }) => shortCode === '') ? own : [...own, null];
    const made = main.map((entry) =>
      shutEntry(entry, { channel, addressKey, address: erasedAddress(addressKey), domain: null }, versions, at),
    );
    // What an earlier erasure has shut is not told again: its block is lifted by the line of the first.
    return before.has(addressKey) ? made.filter(({ entry, next }) => entry === null || !sameState(entry.state, next)) : made;
  });
  const made = await insertEntries(
    tx,
    shut.flatMap(({ entry, place, next, version }) =>
      entry === null ? [{ ...place, ...next, lastDeliveryId: null, createdAt: at, version }] : [],
    ),
  );
  await updateEntries(
    tx,
    shut.flatMap(({ entry, next, version }) =>
      entry?.id == null ? [] : [{ ...next, id: entry.id, lastDeliveryId: entry.lastDeliveryId, version, baseVersion: entry.version }],
    ),
  );
  await tx.execute(sql`
    UPDATE quarantine_entry SET address = ${displaySql(sql`address_key`)}, domain = NULL WHERE address_key = ANY(${uuids(keys)}::uuid[])`);
  const lines = shut.map(({ entry, place, next, version }) => ({
    ...next,
    ...place,
    entryId: entry?.id ?? made.get(entryName(place.addressKey, place.shortCode)) ?? 0n,
    previousStatus: entry?.state.status ?? null,
    previousReason: entry?.state.reason ?? null,
    fault: null,
    decidedBy: null,
    deliveryId: null,
    version,
    occurredAt: at,
  }));
  await insertQuarantineLines(tx, lines, actor);
  const denylisted = shut.filter((one) => one.denylisted && one.place.shortCode === '').map(({ place }) => place.addressKey);
  return { denylisted: new Set(denylisted), entries: shut.length };
}

type EntryPlace = Pick<FoundAddress, 'channel' | 'addressKey'> & { readonly address: string; readonly domain: null };

function shutEntry(entry: StoredEntry | null, place: EntryPlace, versions: ReadonlyMap<string, number>, at: Date) {
  const shortCode = entry?.shortCode ?? '';
  const version = (entry?.version ?? versions.get(entryName(place.addressKey, shortCode)) ?? 0) + 1;
  return { entry, place: { ...place, shortCode }, version, ...eraseEntry(entry?.state ?? null, at) };
}

/** The profile with its addresses. Logs and the consent ledger keep its number, which names nobody any more. */
async function deletePerson(tx: Queryable, profileId: bigint | null): Promise<Record<string, number>> {
  if (profileId === null) return {};
  const address = await tx.execute(sql`DELETE FROM address WHERE profile_id = ${profileId}`);
  const profile = await tx.execute(sql`DELETE FROM profile WHERE id = ${profileId}`);
  return { profile, address };
}

interface Step {
  readonly task: EraseTask;
  readonly of: ErasedOf;
}

/** The same list whenever it is made of the same subject: a killed erasure goes on by its place there. */
function stepsOf({ addresses, person }: PrivacySubject): Step[] {
  const walk = ERASE_TASKS.flatMap((task) => [
    ...(task.by.includes('key') ? addresses.map(({ addressKey }) => ({ task, of: { key: addressKey, profileId: null } })) : []),
    ...(task.by.includes('profile') && person !== null ? [{ task, of: { key: null, profileId: BigInt(person.id) } }] : []),
  ]);
  return Array.from({ length: WALKS }, () => walk).flat();
}

/** Overwrites the next rows. @returns whether the erasure has ended */
export async function eraseSlice(instance: Instance, request: StoredPrivacyRequest, size: number): Promise<boolean> {
  const subject = request.work as PrivacySubject;
  const step = stepsOf(subject)[request.step];
  const at = instance.now();
  const slice = step && { of: step.of, after: request.position, size, words: wordsOf(subject), requestId: request.id, at };
  const others = slice && step.task.others ? await step.task.others(instance.database, slice) : [];
  return instance.database.transaction(async (tx) => {
    const locked = step?.of.key == null ? others : [step.of.key, ...others];
    if (locked.length > 0) await lockAddresses(tx, locked);
    const now = await lockPrivacyRequest(tx, request.id);
    if (now?.status !== request.status || now.step !== request.step || now.position !== request.position) return false;
    if (step === undefined || slice === undefined) return finish(tx, request, at);
    const { erased, next } = await step.task.run(tx, slice);
    await advancePrivacyRequest(tx, request.id, {
      status: 'DELETE_IN_PROGRESS',
      work: subject,
      step: next === null ? request.step + 1 : request.step,
      position: next ?? 0n,
      report: counted(now.report, step.task.table, erased),
    });
    return false;
  });
}

function wordsOf({ person, addresses, shared }: PrivacySubject): PersonWords {
  const forms = [...addresses, ...shared].flatMap(({ value, originals }) => [value, ...originals]);
  return {
    addresses: [...new Set(forms)],
    firstName: person?.firstName ?? null,
    lastName: person?.lastName ?? null,
    externalId: person?.externalId ?? null,
  };
}

function counted(report: PrivacyReport, table: string, rows: number): PrivacyReport {
  const counts = { ...report.counts };
  counts[table] = (counts[table] ?? 0) + rows;
  return { ...report, counts };
}

async function finish(tx: Queryable, { id, actor, report }: StoredPrivacyRequest, at: Date): Promise<true> {
  await endPrivacyRequest(tx, id, { at, expiresAt: null });
  await recordAudit(tx, { name: actor, tokenId: null }, 'privacy.erased', `PrivacyRequest ${id}`, { counts: report.counts ?? {} }, at);
  return true;
}
