import { beginsWithDay } from '../domain/calendar.ts';
import { ADDRESS_STATUSES, CHANNELS, type Channel, FAILURE_REASONS } from '../domain/vocabulary.ts';
import type { ImportProfileInput } from './import-profiles.ts';
import type { ImportQuarantineInput } from './import-quarantine.ts';
import type { Cell, Cells, Columns } from './import-records.ts';

export const PROFILE_COLUMNS: Columns = {
  known: ['external_id', 'first_name', 'last_name', 'email', 'mobile', 'opted_out'],
  required: ['external_id'],
};

/** What an export of the list says beyond that of the past of an entry. */
const PAST = ['last_significant_error_at', 'last_success_at', 'soft_caused', 'status_updated_at'];

/** Of the database that the export comes from: taken and not heeded, so that an export can be imported elsewhere. */
const EXPORTED_ONLY = ['domain', 'source', 'created_at', 'version'];

export const QUARANTINE_COLUMNS: Columns = {
  known: ['channel', 'address', 'status', 'reason', 'error_count', 'error_text', 'last_error_at', 'short_code', ...PAST, ...EXPORTED_ONLY],
  required: ['channel', 'address'],
};

/** RFC 3339, or a date alone. */
const INSTANT = /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d))?$/;

/**
 * A profile of the columns: those that are there say what is, an empty one that there is nothing. `opted_out` only ever opts out.
 *
 * @returns a text: why the row is refused
 */
export function profileOf(cells: Cells): ImportProfileInput | string {
  const optedOut = optedOutOf(cells.opted_out);
  if (typeof optedOut === 'string') return optedOut;
  const lists = { EMAIL: cells.email, SMS: cells.mobile } as const;
  const channels = (['EMAIL', 'SMS'] as const).filter((channel) => lists[channel] !== undefined);
  return {
    externalId: textOf(cells.external_id).trim(),
    ...(cells.first_name === undefined ? {} : { firstName: textOf(cells.first_name).trim() || null }),
    ...(cells.last_name === undefined ? {} : { lastName: textOf(cells.last_name).trim() || null }),
    addresses: channels.flatMap((channel) => valuesOf(lists[channel]).map((value) => ({ channel, value }))),
    replaceChannels: channels,
    ...(optedOut === undefined ? {} : { optedOut }),
  };
}

/** @returns a text: why the row is refused */
export function quarantineOf(cells: Cells): ImportQuarantineInput | string {
  const channel = nameIn(CHANNELS, cells.channel);
  if (channel === undefined) return `The channel is one of ${CHANNELS.join(', ')}.`;
  const status = nameIn(ADDRESS_STATUSES, cells.status);
  if (status === undefined && isGiven(cells.status)) return `The status is empty or one of ${ADDRESS_STATUSES.join(', ')}.`;
  const reason = nameIn(FAILURE_REASONS, cells.reason);
  if (reason === undefined && isGiven(cells.reason)) return `The reason is empty or one of ${FAILURE_REASONS.join(', ')}.`;
  const errorCount = textOf(cells.error_count).trim();
  if (errorCount !== '' && !/^\d{1,9}$/.test(errorCount)) return 'The error count is empty or a whole number.';
  const wrongTime = INSTANTS.find(([column]) => isGiven(cells[column]) && !isInstant(textOf(cells[column]).trim()));
  if (wrongTime !== undefined) return `The time of the last ${wrongTime[1]} is empty or an instant such as 2026-05-12T10:00:00Z.`;
  const softCaused = textOf(cells.soft_caused).trim().toLowerCase();
  if (!['', 'true', 'false'].includes(softCaused)) return 'soft_caused is empty, true or false.';
  const lastErrorAt = instantOf(cells.last_error_at);
  const lastSignificantErrorAt = instantOf(cells.last_significant_error_at);
  const lastSuccessAt = instantOf(cells.last_success_at);
  const statusUpdatedAt = instantOf(cells.status_updated_at);
  const shortCode = textOf(cells.short_code).trim();
  const errorText = textOf(cells.error_text);
  return {
    channel,
    address: textOf(cells.address),
    ...(shortCode === '' ? {} : { shortCode }),
    ...(status === undefined ? {} : { status }),
    ...(reason === undefined ? {} : { reason }),
    ...(errorCount === '' ? {} : { errorCount: Number(errorCount) }),
    ...(errorText === '' ? {} : { errorText }),
    ...(lastErrorAt ? { lastErrorAt } : {}),
    ...(lastSignificantErrorAt === undefined ? {} : { lastSignificantErrorAt }),
    ...(lastSuccessAt === undefined ? {} : { lastSuccessAt }),
    ...(softCaused === '' ? {} : { softCaused: softCaused === 'true' }),
    ...(statusUpdatedAt ? { statusUpdatedAt } : {}),
  };
}

const INSTANTS = [
  ['last_error_at', 'error'],
  ['last_significant_error_at', 'counted error'],
  ['last_success_at', 'success'],
  ['status_updated_at', 'change of status'],
] as const;

/** In no year before the first: PostgreSQL knows no year 0. */
const isInstant = (text: string): boolean => INSTANT.test(text) && beginsWithDay(text) && new Date(text).getUTCFullYear() >= 1;

/** null = the cell is empty; undefined = there is no such column. */
function instantOf(cell: Cell | undefined): Date | null | undefined {
  if (cell === undefined) return undefined;
  const text = textOf(cell).trim();
  return text === '' ? null : new Date(text);
}

/** null = all channels; undefined = nothing is said; a text: why it is refused. */
function optedOutOf(cell: Cell | undefined): readonly Channel[] | null | undefined | string {
  const names = cell === undefined ? [] : valuesOf(cell);
  if (names.length === 0) return undefined;
  if (names.length === 1 && names[0]?.toLowerCase() === 'all') return null;
  const channels = names.map((name) => nameIn(CHANNELS, name));
  const wrong = channels.indexOf(undefined);
  if (wrong !== -1)
    return `opted_out is empty, all, or channels: ${JSON.stringify(names[wrong]?.slice(0, 60))} is none of ${CHANNELS.join(', ')}.`;
  return channels.filter((channel) => channel !== undefined);
}

function valuesOf(cell: Cell | undefined): string[] {
  const values = typeof cell === 'string' ? cell.split('|') : (cell ?? []);
  return values.map((value) => value.trim()).filter((value) => value !== '');
}

const textOf = (cell: Cell | undefined): string => (typeof cell === 'string' ? cell : (cell ?? []).join('|'));

const isGiven = (cell: Cell | undefined): boolean => textOf(cell).trim() !== '';

function nameIn<Name extends string>(names: readonly Name[], cell: Cell | undefined): Name | undefined {
  const text = textOf(cell).trim().toUpperCase();
  return names.find((name) => name === text);
}
