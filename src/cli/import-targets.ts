import { type DomainError, InvalidInputError } from '../domain/errors.ts';
import { checkProfiles, type ImportProfileInput, importProfiles } from '../operations/import-profiles.ts';
import { checkQuarantine, type ImportQuarantineInput, importQuarantine } from '../operations/import-quarantine.ts';
import type { Instance } from '../operations/instance.ts';
import { recordImport } from '../operations/record-import.ts';
import { CommandError, EXIT } from './command-error.ts';
import type { Cells, ImportRecord } from './import-records.ts';
import { profileOf, quarantineOf } from './import-rows.ts';
import { COMMAND_LINE, type Workplace } from './open-command.ts';
import type { RunningServer } from './running-server.ts';

/** What became of one row. SOUND = it would be taken: a dry run. */
export type RowOutcome =
  | { readonly kind: 'WRITTEN' | 'CREATED' | 'CHANGED' | 'UNCHANGED' | 'SOUND' }
  | { readonly kind: 'REJECTED'; readonly reason: string };

/** Rows that are read and checked. Called once, when all rows before them are written. @returns the outcome of each, in their order */
export type WriteRows = () => Promise<RowOutcome[]>;

/** Where rows go. */
export interface ImportTarget {
  /** Rows that are written together. */
  readonly batch: number;
  /** Reads and checks; writes nothing yet. */
  prepare(records: readonly ImportRecord[]): WriteRows;
  /** All is written: `counts` goes into the audit trail. */
  end(counts: object): Promise<void>;
}

/** What the API takes at a time; and what is written in well under a second. */
const BATCH = { api: 1_000, database: 4_000 } as const;
const SOUND: RowOutcome = { kind: 'SOUND' };
const WRITTEN: RowOutcome = { kind: 'WRITTEN' };
const nothing = async (): Promise<void> => undefined;

/** Profiles, with addresses and opt-outs. */
export async function openProfileTarget(place: Workplace, dryRun: boolean, source: string): Promise<ImportTarget> {
  if (place.kind === 'server') {
    if (dryRun) throw stopServer(place.server, 'a dry run');
    return target(profileOf, (items) => () => upsertThrough(place.server, items), nothing, BATCH.api);
  }
  const { instance } = place;
  const book = await instance.addressBook();
  if (dryRun) return target(profileOf, (items) => dry(checkProfiles(items, book)), nothing);
  const prepare = (items: readonly ImportProfileInput[]) => {
    const checked = checkProfiles(items, book);
    return () => importProfiles(instance, checked, COMMAND_LINE);
  };
  return audited(instance, 'profiles', source, (end) => target(profileOf, prepare, end));
}

/** Addresses for the quarantine list. */
export async function openQuarantineTarget(place: Workplace, dryRun: boolean, source: string): Promise<ImportTarget> {
  if (place.kind === 'server') throw stopServer(place.server, 'an import of the quarantine list');
  const { instance } = place;
  const book = await instance.addressBook();
  if (dryRun) return target(quarantineOf, (items) => dry(checkQuarantine(items, book, instance.now())), nothing);
  const prepare = (items: readonly ImportQuarantineInput[]) => {
    const checked = checkQuarantine(items, book, instance.now());
    return async () =>
      (await importQuarantine(instance, checked, COMMAND_LINE)).map((outcome) =>
        typeof outcome === 'string' ? { kind: outcome } : outcome,
      );
  };
  return audited(instance, 'quarantine', source, (end) => target(quarantineOf, prepare, end));
}

const dry = (checked: readonly object[]) => async () => checked.map((row) => (row instanceof InvalidInputError ? row : SOUND));

function stopServer({ url }: RunningServer, what: string): CommandError {
  return new CommandError(
    EXIT.unreachable,
    `the server at ${url} holds the embedded database and its API does not offer ${what}: stop it for that time`,
  );
}

async function audited(
  instance: Instance,
  what: 'profiles' | 'quarantine',
  source: string,
  open: (end: (counts: object) => Promise<void>) => ImportTarget,
): Promise<ImportTarget> {
  await recordImport(instance, what, 'begin', { file: source }, COMMAND_LINE);
  return open((counts) => recordImport(instance, what, 'end', { file: source, ...counts }, COMMAND_LINE));
}

type Written = readonly (bigint | DomainError | RowOutcome)[];

/** Reads the rows, hands on those that can be read, and puts the outcomes in their places. */
function target<Item>(
  read: (cells: Cells) => Item | string,
  prepare: (items: readonly Item[]) => () => Promise<Written>,
  end: ImportTarget['end'],
  batch: number = BATCH.database,
): ImportTarget {
  return {
    batch,
    end,
    prepare: (records) => {
      const outcomes: RowOutcome[] = [];
      const items: Item[] = [];
      const places: number[] = [];
      for (const [place, { cells, problem }] of records.entries()) {
        const item = cells === null ? (problem ?? '') : read(cells);
        if (typeof item === 'string') outcomes[place] = { kind: 'REJECTED', reason: item };
        else {
          items.push(item);
          places.push(place);
        }
      }
      const write = prepare(items);
      return async () => {
        const written = items.length === 0 ? [] : await write();
        for (const [index, place] of places.entries()) outcomes[place] = outcomeOf(written[index]);
        return outcomes;
      };
    },
  };
}

function outcomeOf(written: bigint | DomainError | RowOutcome | undefined): RowOutcome {
  if (typeof written === 'bigint') return WRITTEN;
  if (written instanceof Error) return { kind: 'REJECTED', reason: written.message };
  if (written === undefined) throw new Error('a row of the import was not answered');
  return written;
}

interface BatchAnswer {
  readonly results: readonly { readonly accepted: boolean; readonly error: { readonly message: string } | null }[];
}

/** Under the 2 MiB that the API takes, also where every character is three bytes long. */
const REQUEST_CHARACTERS = 600_000;

const UPSERT = `mutation ($input: [UpsertProfileInput!]!) { batch: upsertProfiles(input: $input) { results { accepted error { message } } } }`;
const CONSENT = `mutation ($input: [RecordConsentInput!]!) { batch: recordConsents(input: $input) { results { accepted error { message } } } }`;

/**
 * Through the API there is no single transaction: who has opted out is made known first, without addresses, then the opt-out, then everybody
 * with addresses. So nobody can be written to in between.
 */
async function upsertThrough(server: RunningServer, items: readonly ImportProfileInput[]): Promise<(RowOutcome | DomainError)[]> {
  const refused: (string | undefined)[] = [];
  const send = async (query: string, places: readonly number[], input: readonly object[]): Promise<void> => {
    if (input.length === 0) return;
    if (input.length > 1 && JSON.stringify(input).length > REQUEST_CHARACTERS) {
      const half = Math.ceil(input.length / 2);
      await send(query, places.slice(0, half), input.slice(0, half));
      return send(query, places.slice(half), input.slice(half));
    }
    const { batch } = await server.graphql<{ batch: BatchAnswer }>(query, { input });
    for (const [index, { accepted, error }] of batch.results.entries()) {
      const place = places[index];
      if (!accepted && place !== undefined) refused[place] ??= error?.message ?? 'The server refused the row.';
    }
  };
  const remaining = () => [...items.entries()].filter(([place]) => refused[place] === undefined);
  const opting = [...items.entries()].filter(([, { optedOut }]) => optedOut !== undefined);
  await send(
    UPSERT,
    opting.map(([place]) => place),
    opting.map(([, { externalId }]) => ({ externalId })),
  );
  const known = opting.filter(([place]) => refused[place] === undefined);
  await send(
    CONSENT,
    known.map(([place]) => place),
    known.map(([, { externalId, optedOut }]) => ({ optedOut: true, consent: { externalId, channels: optedOut, source: 'IMPORT' } })),
  );
  const rest = remaining();
  await send(
    UPSERT,
    rest.map(([place]) => place),
    rest.map(([, { optedOut: _said, ...item }]) => item),
  );
  return [...items.keys()].map((place) => {
    const reason = refused[place];
    return reason === undefined ? WRITTEN : new InvalidInputError(reason);
  });
}
