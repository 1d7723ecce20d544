import { isErasedAddress } from '../domain/address/erased-address.ts';
import { InvalidInputError } from '../domain/errors.ts';
import { decideImport, type ImportedRow } from '../domain/quarantine/import-entry.ts';
import type { QuarantineState } from '../domain/quarantine/quarantine-state.ts';
import type { AddressStatus, Channel } from '../domain/vocabulary.ts';
import type { Queryable } from '../store/database.ts';
import { readErasedKeys } from '../store/erased-keys.ts';
import { lockAddresses, lockEntries } from '../store/feedback-reads.ts';
import {
  type EntryInsert,
  type EntryUpdate,
  entryName,
  insertEntries,
  insertQuarantineLines,
  updateEntries,
} from '../store/feedback-writes.ts';
import { lastVersions } from '../store/quarantine-import.ts';
import { checkStorable } from './check-profile.ts';
import { checkShortCode } from './check-short-code.ts';
import { ERROR_TEXT_MAX } from './create-quarantine-entry.ts';
import { isShut } from './erased-entry.ts';
import type { Actor, AddressBook, Instance } from './instance.ts';
import { type ErasedKeys, maskPlace } from './mask-erased.ts';

/** One address of a list that is imported. */
export interface ImportQuarantineInput extends ImportedRow {
  readonly channel: Channel;
  readonly address: string;
  /** SMS only; absent = every short code. */
  readonly shortCode?: string | undefined;
  /** Absent = DENYLISTED with that reason: an external denylist (SUP-9). */
  readonly status?: AddressStatus | undefined;
}

/** What became of a row. UNCHANGED = the entry was as strong already. */
export type ImportQuarantineOutcome = 'CREATED' | 'CHANGED' | 'UNCHANGED' | InvalidInputError;

/** A row that may be imported. */
export interface CheckedEntry {
  readonly channel: Channel;
  readonly address: string;
  readonly addressKey: string;
  /** '' = every short code. */
  readonly shortCode: string;
  readonly domain: string | null;
  readonly change: ImportedRow;
}

/** An entry while the rows of a batch are applied to it. */
interface Working extends Omit<CheckedEntry, 'change'> {
  id: bigint | null;
  state: QuarantineState | null;
  version: number;
  readonly baseVersion: number;
  readonly lastDeliveryId: bigint | null;
  readonly lines: { readonly previous: QuarantineState | null; readonly next: QuarantineState; readonly version: number }[];
}

/** Brings the rows of a list to the form in which they are written, or says of each what is wrong with it. */
export function checkQuarantine(
  items: readonly ImportQuarantineInput[],
  book: AddressBook,
  now: Date,
): (CheckedEntry | InvalidInputError)[] {
  return items.map((item) => checkRow(item, book, now));
}

/**
 * Puts a batch of addresses on the quarantine list, each with its line in the ledger, in a handful of statements. The stronger status wins
 * (`decideImport`), so a repeat changes nothing. A refused row is answered in its place and stops no other. The caller writes the one line
 * of the audit trail for the whole import.
 *
 * @param rows a few thousand at most: their addresses are locked for the time of one transaction
 */
export async function importQuarantine(
  instance: Instance,
  rows: readonly (CheckedEntry | InvalidInputError)[],
  actor: Actor,
): Promise<ImportQuarantineOutcome[]> {
  const now = instance.now();
  const sound = rows.filter((row): row is CheckedEntry => !(row instanceof InvalidInputError));
  if (sound.length === 0) return rows as InvalidInputError[];
  const { outcomes, changed } = await instance.database.transaction((tx) => apply(tx, rows, sound, actor, now));
  if (changed) instance.database.hints.notify('QUARANTINE');
  return outcomes;
}

function checkRow(item: ImportQuarantineInput, book: AddressBook, now: Date): CheckedEntry | InvalidInputError {
  const { channel, address, shortCode, ...change } = item;
  if (isErasedAddress(address)) return new InvalidInputError(ERASED_ROW, 'address');
  const canonical = book.canonical(channel, address);
  if (!canonical.ok) return new InvalidInputError(canonical.message, 'address');
  try {
    checkStorable('errorText', change.errorText, ERROR_TEXT_MAX);
    const code = checkShortCode(channel, shortCode);
    const decided = decideImport(null, change, now);
    if (!decided.ok) return new InvalidInputError(decided.message, decided.field);
    const addressKey = book.key(channel, canonical.canonical);
    return { channel, address: canonical.canonical, addressKey, shortCode: code, domain: canonical.domain, change };
  } catch (error) {
    if (error instanceof InvalidInputError) return error;
    throw error;
  }
}

const ERASED_ROW =
  'This is what is left of an erased address, not the address: its block stays in the database that erased it, and is made here by an erasure here.';

async function apply(
  tx: Queryable,
  rows: readonly (CheckedEntry | InvalidInputError)[],
  sound: readonly CheckedEntry[],
  actor: Actor,
  now: Date,
) {
  const keys = new Set(sound.map(({ addressKey }) => addressKey));
  await lockAddresses(tx, keys);
  const erased = await readErasedKeys(tx, keys);
  const masked = sound.map((row) => maskRow(row, erased));
  const working = await readWorking(tx, masked, keys);
  const bySound = new Map(sound.map((row, index) => [row, masked[index] ?? row]));
  const outcomes = rows.map((row): ImportQuarantineOutcome => {
    if (row instanceof InvalidInputError) return row;
    const taken = bySound.get(row) ?? row;
    return erased.has(row.addressKey) && opens(taken) ? 'UNCHANGED' : applyRow(working, taken, now);
  });
  const touched = [...working.values()].filter(({ lines }) => lines.length > 0);
  await write(tx, touched, actor, now);
  return { outcomes, changed: touched.length > 0 };
}

/** A list may say more of an erased address, and nothing in clear. */
function maskRow(row: CheckedEntry, erased: ErasedKeys): CheckedEntry {
  if (!erased.has(row.addressKey)) return row;
  return { ...maskPlace(row, erased), change: { ...row.change, errorText: undefined } };
}

/** Would the row, were it stronger than the entry, let an erased address be written to? */
function opens({ change }: CheckedEntry): boolean {
  return change.status !== undefined && change.status !== null && !isShut(change.status);
}

async function readWorking(tx: Queryable, sound: readonly CheckedEntry[], keys: ReadonlySet<string>): Promise<Map<string, Working>> {
  const entries = new Map((await lockEntries(tx, keys)).map((entry) => [entryName(entry.addressKey, entry.shortCode), entry]));
  const gone = new Set(sound.flatMap(({ addressKey, shortCode }) => (entries.has(entryName(addressKey, shortCode)) ? [] : [addressKey])));
  const versions = gone.size === 0 ? new Map<string, number>() : await lastVersions(tx, gone);
  const working = new Map<string, Working>();
  for (const { channel, address, addressKey, shortCode, domain } of sound) {
    const name = entryName(addressKey, shortCode);
    const entry = entries.get(name);
    const version = entry?.version ?? versions.get(name) ?? 0;
    working.set(name, {
      channel,
      address,
      addressKey,
      shortCode: entry?.shortCode ?? shortCode,
      domain,
      id: entry?.id ?? null,
      state: entry?.state ?? null,
      version,
      baseVersion: version,
      lastDeliveryId: entry?.lastDeliveryId ?? null,
      lines: [],
    });
  }
  return working;
}

function applyRow(working: Map<string, Working>, row: CheckedEntry, now: Date): ImportQuarantineOutcome {
  const entry = working.get(entryName(row.addressKey, row.shortCode));
  if (!entry) throw new Error('an address of the import was not read');
  const decided = decideImport(entry.state, row.change, now);
  if (!decided.ok) return new InvalidInputError(decided.message, decided.field);
  if (!decided.changed) return 'UNCHANGED';
  const previous = entry.state;
  entry.version += 1;
  entry.state = decided.next;
  entry.lines.push({ previous, next: decided.next, version: entry.version });
  return previous === null ? 'CREATED' : 'CHANGED';
}

async function write(tx: Queryable, touched: readonly Working[], actor: Actor, now: Date): Promise<void> {
  const inserts: EntryInsert[] = [];
  const updates: EntryUpdate[] = [];
  for (const { id, state, lines: _lines, baseVersion, ...entry } of touched) {
    if (state === null) continue;
    if (id === null) inserts.push({ ...entry, ...state, createdAt: now });
    else updates.push({ id, ...state, lastDeliveryId: entry.lastDeliveryId, version: entry.version, baseVersion });
  }
  const made = await insertEntries(tx, inserts);
  await updateEntries(tx, updates);
  const lines = touched.flatMap(({ channel, address, addressKey, shortCode, domain, id, lines: own }) =>
    own.map(({ previous, next, version }) => ({
      ...next,
      entryId: id ?? idOf(made, entryName(addressKey, shortCode)),
      channel,
      address,
      addressKey,
      shortCode,
      domain,
      previousStatus: previous?.status ?? null,
      previousReason: previous?.reason ?? null,
      fault: null,
      decidedBy: null,
      deliveryId: null,
      version,
      occurredAt: now,
    })),
  );
  await insertQuarantineLines(tx, lines, actor.name);
}

function idOf(made: ReadonlyMap<string, bigint>, name: string): bigint {
  const id = made.get(name);
  if (id === undefined) throw new Error('an entry of the import was not written');
  return id;
}
