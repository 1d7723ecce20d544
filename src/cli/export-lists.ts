import { z } from 'zod';
import {
  ADDRESS_STATUSES,
  CHANNELS,
  EXCLUSION_SCOPES,
  FAILURE_REASONS,
  FAILURE_TYPES,
  FAULTS,
  MESSAGE_STATUSES,
} from '../domain/vocabulary.ts';
import type { ExportRequest } from '../operations/export-rows.ts';
import { CommandError, EXIT } from './command-error.ts';

/** A list that can be exported, from the database or from a running server. */
export interface ExportList {
  readonly columns: readonly string[];
  /** @throws CommandError (wrong usage) that names what is wrong with the filter */
  request(filter: unknown): ExportRequest;
  /** The list in the API: field, type of its filter, and what is asked of a row. */
  readonly api: { readonly field: string; readonly filterType: string; readonly selection: string };
  /** A row of the API by columns. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape is that of `selection`
  rowOf(node: any): Readonly<Record<string, unknown>>;
}

const TEXT = z.strictObject({ eq: z.string(), contains: z.string(), startsWith: z.string() }).partial();
const INSTANT = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const RANGE = z.strictObject({ from: INSTANT, to: INSTANT }).partial();
const STRINGS = z.array(z.string());

/** An id that the API gave out. */
const idOf = (type: string) =>
  z
    .string()
    .transform((text) => new RegExp(`^${type}:([1-9]\\d{0,17})$`).exec(Buffer.from(text, 'base64url').toString('latin1'))?.[1] ?? '')
    .refine((digits) => digits !== '', `takes the id of a ${type}`)
    .transform(BigInt);

const QUARANTINE = z
  .strictObject({
    address: TEXT,
    channel: z.array(z.enum(CHANNELS)),
    status: z.array(z.enum(ADDRESS_STATUSES)),
    reason: z.array(z.enum(FAILURE_REASONS)),
    domain: STRINGS,
    errorTextContains: STRINGS,
    statusUpdatedAt: RANGE,
    lastErrorAt: RANGE,
  })
  .partial();

const DELIVERY_LOGS = z
  .strictObject({
    deliveryId: idOf('Delivery'),
    profileId: idOf('Profile'),
    address: TEXT,
    channel: z.array(z.enum(CHANNELS)),
    domain: STRINGS,
    status: z.array(z.enum(MESSAGE_STATUSES)),
    fault: z.array(z.enum(FAULTS)),
    failureType: z.array(z.enum(FAILURE_TYPES)),
    failureReason: z.array(z.enum(FAILURE_REASONS)),
    updatedAt: RANGE,
  })
  .partial();

const EXCLUSION_LOGS = z
  .strictObject({
    deliveryId: idOf('Delivery'),
    profileId: idOf('Profile'),
    scope: z.array(z.enum(EXCLUSION_SCOPES)),
    address: TEXT,
    channel: z.array(z.enum(CHANNELS)),
    reason: z.array(z.enum(FAILURE_REASONS)),
    createdAt: RANGE,
  })
  .partial();

export const EXPORT_LISTS: Readonly<Record<string, ExportList>> = {
  quarantine: {
    columns: [
      'channel',
      'address',
      'status',
      'reason',
      'error_count',
      'error_text',
      'last_error_at',
      'short_code',
      'domain',
      'source',
      'created_at',
      'status_updated_at',
      'version',
      'last_significant_error_at',
      'last_success_at',
      'soft_caused',
    ],
    request: (filter) => ({ what: 'quarantine', filter: checked(QUARANTINE, filter) }),
    api: {
      field: 'quarantine',
      filterType: 'QuarantineFilter',
      selection: `channel address status reason errorCount errorText lastErrorAt shortCode domain source createdAt statusUpdatedAt version
        lastSignificantErrorAt lastSuccessAt softCaused`,
    },
    rowOf: (node) => snakeCase(node),
  },
  'delivery-logs': {
    columns: [
      'delivery_id',
      'delivery',
      'profile_id',
      'external_id',
      'channel',
      'address',
      'domain',
      'status',
      'failure_type',
      'failure_reason',
      'fault',
      'origin',
      'raw_text',
      'message_id',
      'attempts',
      'quarantined',
      'control_group',
      'sent_at',
      'updated_at',
    ],
    request: (filter) => ({ what: 'delivery-logs', filter: checked(DELIVERY_LOGS, filter) }),
    api: {
      field: 'deliveryLogs',
      filterType: 'DeliveryLogFilter',
      selection: `delivery { id internalName } profile { id externalId } channel address domain status failureType failureReason fault origin rawText
        messageId attempts quarantined controlGroup sentAt updatedAt`,
    },
    rowOf: (node) => ({ ...snakeCase(node), ...namesOf(node) }),
  },
  'exclusion-logs': {
    columns: ['delivery_id', 'delivery', 'profile_id', 'external_id', 'channel', 'address', 'reason', 'scope', 'text', 'created_at'],
    request: (filter) => ({ what: 'exclusion-logs', filter: checked(EXCLUSION_LOGS, filter) }),
    api: {
      field: 'exclusionLogs',
      filterType: 'ExclusionLogFilter',
      selection: 'delivery { id internalName } profile { id externalId } channel address reason scope text createdAt',
    },
    rowOf: (node) => ({ ...snakeCase(node), ...namesOf(node) }),
  },
};

interface Named {
  readonly delivery: { readonly id: string; readonly internalName: string };
  readonly profile: { readonly id: string; readonly externalId: string | null } | null;
}

function namesOf({ delivery, profile }: Named): Record<string, unknown> {
  return {
    delivery_id: delivery.id,
    delivery: delivery.internalName,
    profile_id: profile?.id ?? null,
    external_id: profile?.externalId ?? null,
  };
}

function snakeCase(node: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  );
}

function checked<T extends z.ZodType>(shape: T, filter: unknown): z.infer<T> {
  const parsed = shape.safeParse(filter);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue?.path.join('.') ?? '';
  throw new CommandError(EXIT.usage, `--filter cannot be used: ${at === '' ? '' : `${at}: `}${issue?.message ?? 'it has another shape'}`);
}
