import { setImmediate } from 'node:timers/promises';
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
  /** Reads and checks; writes nothing yet. Lets others work in between: what is being written meanwhile has several statements. */
  prepare(records: readonly ImportRecord[]): Promise<WriteRows>;
  /** All is written: `counts` goes into the audit trail. */
  end(counts: object): Promise<void>;
}

/** What the API takes at a time; and what is written in well under a second. */
const BATCH = { api: 1_000, database: 4_000 } as const;
/** Rows that are read and checked at a stretch. */
const TURN = 100;
const SOUND: RowOutcome = { kind: 'SOUND' };
const WRITTEN: RowOutcome = { kind: 'WRITTEN' };
const nothing = async (): Promise<void> => undefined;

/** Profiles, with addresses and opt-outs. */
export async function openProfileTarget(place: Workplace, dryRun: boolean, source: string): Promise<ImportTarget> {
  if (place.kind === 'server') {
    const { server } = place;
    if (dryRun) throw stopServer(server, 'a dry run');
    const steps = {
      read: profileOf,
      check: unchecked<ImportProfileInput>,
      write: (items: ImportProfileInput[]) => upsertThrough(server, items),
    };
    return target(steps, nothing, BATCH.api);
  }
  const { instance } = place;
  const book = await instance.addressBook();
  const check = (items: readonly ImportProfileInput[]) => checkProfiles(items, book);
  if (dryRun) return target({ read: profileOf, check, write: dry }, nothing);
  const write = (rows: ReturnType<typeof check>) => importProfiles(instance, rows, COMMAND_LINE);
  return target({ read: profileOf, check, write }, await audited(instance, 'profiles', source));
}

/** Addresses for the quarantine list. */
export async function openQuarantineTarget(place: Workplace, dryRun: boolean, source: string): Promise<ImportTarget> {
  if (place.kind === 'server') throw stopServer(place.server, 'an import of the quarantine list');
  const { instance } = place;
  const book = await instance.addressBook();
  const check = (items: readonly ImportQuarantineInput[]) => checkQuarantine(items, book, instance.now());
  if (dryRun) return target({ read: quarantineOf, check, write: dry }, nothing);
  const write = async (rows: ReturnType<typeof check>) =>
    (await importQuarantine(instance, rows, COMMAND_LINE)).map((outcome) => (typeof outcome === 'string' ? { kind: outcome } : outcome));
  return target({ read: quarantineOf, check, write }, await audited(instance, 'quarantine', source));
}

const unchecked = <Item>(items: readonly Item[]): Item[] => [...items];
const dry = async (checked: readonly object[]): Promise<Written> => checked.map((row) => (row instanceof InvalidInputError ? row : SOUND));

function stopServer({ url }: RunningServer, what: string): CommandError {
  return new CommandError(
    EXIT.unreachable,
    `the server at ${url} holds the embedded database and its API does not offer ${what}: stop it for that time`,
  );
}

/** Writes the beginning of the import into the audit trail. @returns what writes its end */
async function audited(instance: Instance, what: 'profiles' | 'quarantine', source: string): Promise<ImportTarget['end']> {
  await recordImport(instance, what, 'begin', { file: source }, COMMAND_LINE);
  return (counts) => recordImport(instance, what, 'end', { file: source, ...counts }, COMMAND_LINE);
}

type Written = readonly (bigint | DomainError | RowOutcome)[];

interface Steps<Item, Checked> {
  /** @returns a text: why the row is refused */
  read(cells: Cells): Item | string;
  check(items: readonly Item[]): Checked[];
  /** The outcome of each, in their order. */
  write(checked: Checked[]): Promise<Written>;
}

/** Reads the rows, hands on those that can be read, and puts the outcomes in their places. */
function target<Item, Checked>(steps: Steps<Item, Checked>, end: ImportTarget['end'], batch: number = BATCH.database): ImportTarget {
  return {
    batch,
    end,
    prepare: async (records) => {
      const outcomes: RowOutcome[] = [];
      const checked: Checked[] = [];
      const places: number[] = [];
      for (let from = 0; from < records.length; from += TURN) {
        const items: Item[] = [];
        for (const [index, { cells, problem }] of records.slice(from, from + TURN).entries()) {
          const item = cells === null ? (problem ?? '') : steps.read(cells);
          if (typeof item === 'string') outcomes[from + index] = { kind: 'REJECTED', reason: item };
          else {
            items.push(item);
            places.push(from + index);
          }
        }
        checked.push(...steps.check(items));
        await setImmediate();
      }
      return async () => {
        const written = checked.length === 0 ? [] : await steps.write(checked);
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
