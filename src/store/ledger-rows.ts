import type {
  AddressStatus,
  AlertKind,
  Channel,
  ExclusionScope,
  FailureReason,
  FailureType,
  Fault,
  IncidentEventKind,
  MessageStatus,
} from '../domain/vocabulary.ts';
import { type Ledger, type Queryable, raw, type Sql, sql } from './database.ts';
import type { IncidentRow as IncidentState } from './filters/incident-filter.ts';
import type { DeliveryLogRow as DeliveryLogState, ExclusionLogRow as ExclusionLogState } from './filters/log-filters.ts';
import type { QuarantineRow as QuarantineState } from './filters/quarantine-filter.ts';

/** Place in a ledger: rows are read in the order of (txid, id). */
export interface LedgerPosition {
  readonly txid: bigint;
  readonly id: bigint;
}

interface LedgerRowBase extends LedgerPosition {
  readonly occurredAt: Date;
  /** When the line was written, by the database's clock. */
  readonly recordedAt: Date;
}

/** A line of the quarantine's ledger; the sides are what a filter looks at, before and after it. */
export interface QuarantineRow extends LedgerRowBase {
  readonly ledger: 'QUARANTINE';
  readonly entryId: bigint;
  /** null: there was no entry before, or none is left after. */
  readonly before: QuarantineState | null;
  readonly after: QuarantineState | null;
}

export interface DeliveryLogRow extends LedgerRowBase {
  readonly ledger: 'DELIVERY_LOG';
  readonly deliveryLogId: bigint;
  readonly status: MessageStatus;
  readonly failureType: FailureType | null;
  readonly failureReason: FailureReason | null;
  readonly version: number;
  readonly before: DeliveryLogState;
  readonly after: DeliveryLogState;
}

export interface ExclusionLogRow extends LedgerRowBase {
  readonly ledger: 'EXCLUSION_LOG';
  readonly after: ExclusionLogState;
}

/** An alert as it was raised. */
export interface AlertRow extends LedgerRowBase {
  readonly ledger: 'ALERT';
  readonly kind: AlertKind;
}

export interface IncidentRow extends LedgerRowBase {
  readonly ledger: 'INCIDENT';
  readonly incidentId: bigint;
  readonly kind: IncidentEventKind;
  readonly share: number;
  readonly quarantined: number;
  readonly held: number;
  readonly actor: string | null;
  /** null: it was opened by this line. */
  readonly before: IncidentState | null;
  readonly after: IncidentState;
}

export type LedgerRow = QuarantineRow | DeliveryLogRow | ExclusionLogRow | AlertRow | IncidentRow;

/** What the horizon is and who holds it: no row below `xmin` can appear any more. */
export interface Snapshot {
  readonly xmin: bigint;
  readonly xmax: bigint;
  /** Transactions between the two that had not ended. */
  readonly running: ReadonlySet<bigint>;
}

const TABLES: Record<Ledger, { readonly table: string; readonly columns: Sql; readonly condition: Sql }> = {
  // The line before, by the unique key of an entry's versions, is the state before: one probe a row.
  QUARANTINE: {
    table: 'quarantine_event',
    condition: sql`true`,
    columns: sql`l.id, l.txid::text AS txid, l.entry_id, l.channel, l.address, l.address_key, l.domain, l.occurred_at, l.recorded_at,
      l.previous_status, COALESCE(p.reason, l.previous_reason) AS previous_reason, p.text AS previous_text, p.status_updated_at AS previous_status_updated_at,
      p.last_error_at AS previous_last_error_at, l.status, l.reason, l.text, l.status_updated_at, l.last_error_at`,
  },
  DELIVERY_LOG: {
    table: 'delivery_event',
    // The logs of earlier runs are purged after a new preparation: nobody can be shown an update of one.
    condition: sql`l.status IS NOT NULL AND EXISTS (SELECT FROM delivery_log g WHERE g.id = l.delivery_log_id)`,
    columns: sql`l.id, l.txid::text AS txid, l.delivery_log_id, l.delivery_id, l.profile_id, l.channel, l.address, l.address_key, l.domain, l.occurred_at,
      l.recorded_at, l.version, l.previous_status, l.previous_failure_type, l.previous_failure_reason, l.previous_fault,
      l.status, l.failure_type, l.failure_reason, l.fault`,
  },
  EXCLUSION_LOG: {
    table: 'exclusion_log',
    condition: sql`true`,
    columns: sql`l.id, l.txid::text AS txid, l.delivery_id, l.profile_id, l.channel, l.address, l.address_key, l.reason, l.scope, l.created_at AS occurred_at,
      l.created_at AS recorded_at`,
  },
  ALERT: {
    table: 'alert',
    condition: sql`true`,
    columns: sql`l.id, l.txid::text AS txid, l.kind, l.raised_at AS occurred_at, l.raised_at AS recorded_at`,
  },
  INCIDENT: {
    table: 'incident_event',
    condition: sql`true`,
    columns: sql`l.id, l.txid::text AS txid, l.incident_id, l.kind, l.channel, l.domain, l.reason, l.state, l.share, l.quarantined, l.held, l.actor,
      l.occurred_at, l.recorded_at`,
  },
};

const PREVIOUS_LINE = sql`LEFT JOIN quarantine_event p
  ON p.address_key = l.address_key AND p.short_code = l.short_code AND p.version = l.version - 1`;

/**
 * The next rows of a ledger after a position, in (txid, id) order, and only below the horizon: a row that is still being written, or may
 * yet appear before one that is read, is left for the next time. So nothing can turn up behind a reader.
 */
export async function readLedger(database: Queryable, ledger: Ledger, after: LedgerPosition, limit: number): Promise<LedgerRow[]> {
  const { table, columns, condition } = TABLES[ledger];
  const found = await database.query<Record<string, unknown>>(sql`
    SELECT ${columns} FROM (
      SELECT * FROM ${raw(table)} l
      WHERE (l.txid, l.id) > (${after.txid.toString()}::xid8, ${after.id.toString()}::bigint)
        AND l.txid < pg_snapshot_xmin(pg_current_snapshot()) AND ${condition}
      ORDER BY l.txid, l.id LIMIT ${limit}::int) l
    ${ledger === 'QUARANTINE' ? PREVIOUS_LINE : sql``}
    ORDER BY l.txid, l.id`);
  return found.map(TO_ROW[ledger]);
}

type Raw = Record<string, unknown>;

const base = (row: Raw) => ({
  txid: BigInt(row.txid as string),
  id: row.id as bigint,
  occurredAt: row.occurred_at as Date,
  recordedAt: row.recorded_at as Date,
});

const place = (row: Raw) => ({
  channel: row.channel as Channel,
  address: row.address as string,
  addressKey: row.address_key as string,
  domain: row.domain as string | null,
});

const TO_ROW: Record<Ledger, (row: Raw) => LedgerRow> = {
  QUARANTINE: (row) => ({
    ledger: 'QUARANTINE',
    ...base(row),
    entryId: row.entry_id as bigint,
    before: row.previous_status === null ? null : quarantineState(row, 'previous_'),
    after: row.status === null ? null : quarantineState(row, ''),
  }),
  DELIVERY_LOG: (row) => ({
    ledger: 'DELIVERY_LOG',
    ...base(row),
    deliveryLogId: row.delivery_log_id as bigint,
    version: row.version as number,
    status: row.status as MessageStatus,
    failureType: row.failure_type as FailureType | null,
    failureReason: row.failure_reason as FailureReason | null,
    before: deliveryLogState(row, 'previous_'),
    after: deliveryLogState(row, ''),
  }),
  EXCLUSION_LOG: (row) => ({
    ledger: 'EXCLUSION_LOG',
    ...base(row),
    after: {
      ...place(row),
      deliveryId: row.delivery_id as bigint,
      profileId: row.profile_id as bigint | null,
      reason: row.reason as FailureReason,
      scope: row.scope as ExclusionScope | null,
      createdAt: row.occurred_at as Date,
    },
  }),
  ALERT: (row) => ({ ledger: 'ALERT', ...base(row), kind: row.kind as AlertKind }),
  INCIDENT: (row) => {
    const kind = row.kind as IncidentEventKind;
    const { channel, domain, reason, state } = row as unknown as IncidentState;
    const after: IncidentState = { channel, domain, reason, state };
    return {
      ledger: 'INCIDENT',
      ...base(row),
      incidentId: row.incident_id as bigint,
      kind,
      share: row.share as number,
      quarantined: row.quarantined as number,
      held: row.held as number,
      actor: row.actor as string | null,
      before: kind === 'OPENED' ? null : { ...after, state: kind === 'CLOSED' ? 'OPEN' : state },
      after,
    };
  },
};

function quarantineState(row: Raw, prefix: string): QuarantineState {
  return {
    ...place(row),
    status: row[`${prefix}status`] as AddressStatus,
    reason: row[`${prefix}reason`] as FailureReason | null,
    errorText: row[`${prefix}text`] as string | null,
    statusUpdatedAt: (row[`${prefix}status_updated_at`] ?? row.occurred_at) as Date,
    lastErrorAt: row[`${prefix}last_error_at`] as Date | null,
  };
}

function deliveryLogState(row: Raw, prefix: string): DeliveryLogState {
  return {
    ...place(row),
    deliveryId: row.delivery_id as bigint,
    profileId: row.profile_id as bigint | null,
    status: row[`${prefix}status`] as MessageStatus,
    failureType: row[`${prefix}failure_type`] as FailureType | null,
    failureReason: row[`${prefix}failure_reason`] as FailureReason | null,
    fault: row[`${prefix}fault`] as Fault | null,
    updatedAt: row.recorded_at as Date,
  };
}

export async function readSnapshot(database: Queryable): Promise<Snapshot> {
  const [row] = await database.query<{ snapshot: string }>(sql`SELECT pg_current_snapshot()::text AS snapshot`);
  const [xmin = '0', xmax = '0', running = ''] = (row?.snapshot ?? '').split(':');
  return { xmin: BigInt(xmin), xmax: BigInt(xmax), running: new Set(running.split(',').filter(Boolean).map(BigInt)) };
}

/** Had the transaction ended when the snapshot was taken? */
export function isVisible(txid: bigint, snapshot: Snapshot): boolean {
  return txid < snapshot.xmin || (txid < snapshot.xmax && !snapshot.running.has(txid));
}
