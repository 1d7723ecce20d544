/** The row of a privacy request: what is asked, how far it is, what it has done. */
import type { PrivacyNamespace, PrivacyRegulation, PrivacyRequestStatus, PrivacyRequestType } from '../domain/vocabulary.ts';
import { type Queryable, rows, sql } from './database.ts';
import { uuids } from './feedback-reads.ts';

export interface NewPrivacyRequest {
  readonly regulation: PrivacyRegulation;
  readonly type: PrivacyRequestType;
  readonly status: PrivacyRequestStatus;
  readonly namespace: PrivacyNamespace | null;
  readonly value: string | null;
  readonly addressKeys: readonly string[];
  readonly profileId: bigint | null;
  readonly eraseShared: boolean;
  readonly actor: string;
  readonly confirmBefore: Date | null;
  readonly at: Date;
}

export async function insertPrivacyRequest(tx: Queryable, request: NewPrivacyRequest): Promise<bigint> {
  const { regulation, type, status, namespace, value, profileId, eraseShared, actor, confirmBefore, at } = request;
  const [row] = await tx.query<{ id: bigint }>(sql`
    INSERT INTO privacy_request (regulation, type, status, namespace, value, address_keys, profile_id, erase_shared, actor, confirm_before, created_at)
    VALUES (${regulation}::"PrivacyRegulation", ${type}::"PrivacyRequestType", ${status}::"PrivacyRequestStatus",
      ${namespace}::"PrivacyNamespace", ${value}, ${uuids(request.addressKeys)}::uuid[], ${profileId}, ${eraseShared}, ${actor},
      ${confirmBefore}::timestamptz, ${at}::timestamptz)
    RETURNING id`);
  if (!row) throw new Error('the privacy request was written but has no id');
  return row.id;
}

/** What a request has touched or found. */
export interface PrivacyReport {
  /** Rows by table. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Addresses that other profiles hold too. */
  readonly shared?: readonly SharedAddress[];
}

export interface SharedAddress {
  readonly channel: string;
  readonly address: string;
  /** Other profiles that hold it. */
  readonly holders: number;
  /** It stays with them. */
  readonly kept: boolean;
}

export interface StoredPrivacyRequest extends Omit<NewPrivacyRequest, 'at'> {
  readonly id: bigint;
  /** As the operation wrote it; null before the work has begun and after it has ended. */
  readonly work: unknown;
  readonly step: number;
  readonly position: bigint;
  readonly report: PrivacyReport;
  readonly createdAt: Date;
  readonly fileBytes: bigint | null;
  readonly expiresAt: Date | null;
}

const COLUMNS = sql`id, regulation, type, status, namespace, value, address_keys::text[] AS "addressKeys", profile_id AS "profileId",
  erase_shared AS "eraseShared", actor, work, step, position, report, created_at AS "createdAt", confirm_before AS "confirmBefore",
  file_bytes AS "fileBytes", expires_at AS "expiresAt"`;

export async function readPrivacyRequest(database: Queryable, id: bigint): Promise<StoredPrivacyRequest | null> {
  const [row] = await database.query<StoredPrivacyRequest>(sql`SELECT ${COLUMNS} FROM privacy_request WHERE id = ${id}`);
  return row ?? null;
}

/** Locks the row until the end of the transaction. After the locks of the addresses. */
export async function lockPrivacyRequest(tx: Queryable, id: bigint): Promise<StoredPrivacyRequest | null> {
  const [row] = await tx.query<StoredPrivacyRequest>(sql`SELECT ${COLUMNS} FROM privacy_request WHERE id = ${id} FOR UPDATE`);
  return row ?? null;
}

/** The next step of a request, in the transaction that does the one before. */
export interface PrivacyProgress {
  readonly status: PrivacyRequestStatus;
  readonly work: object | null;
  readonly step: number;
  readonly position: bigint;
  readonly report: PrivacyReport;
}

export async function advancePrivacyRequest(tx: Queryable, id: bigint, to: PrivacyProgress): Promise<void> {
  const work = to.work === null ? null : rows([to.work]);
  await tx.execute(sql`
    UPDATE privacy_request SET status = ${to.status}::"PrivacyRequestStatus", work = ${work}::jsonb -> 0, step = ${to.step}::int,
      position = ${to.position}, report = ${rows([to.report])}::jsonb -> 0, error = NULL
    WHERE id = ${id}`);
}

/** From now on the request names what is erased by its display form only, and is found by all keys that it touches. */
export async function coverPrivacyRequest(
  tx: Queryable,
  id: bigint,
  { value, addressKeys, profileId }: Pick<StoredPrivacyRequest, 'value' | 'addressKeys' | 'profileId'>,
): Promise<void> {
  await tx.execute(sql`
    UPDATE privacy_request SET value = ${value}, address_keys = ${uuids(addressKeys)}::uuid[], profile_id = ${profileId} WHERE id = ${id}`);
}

export async function endPrivacyRequest(
  tx: Queryable,
  id: bigint,
  { at, expiresAt }: { readonly at: Date; readonly expiresAt: Date | null },
): Promise<void> {
  await tx.execute(sql`
    UPDATE privacy_request SET status = 'COMPLETE', work = NULL, error = NULL, finished_at = ${at}::timestamptz,
      expires_at = ${expiresAt}::timestamptz,
      file_bytes = (SELECT sum(octet_length(content)) FROM privacy_file_part WHERE request_id = ${id})
    WHERE id = ${id}`);
}

export async function confirmPrivacyRequest(tx: Queryable, id: bigint, at: Date): Promise<void> {
  await tx.execute(sql`UPDATE privacy_request SET status = 'DELETE_PENDING', confirmed_at = ${at}::timestamptz WHERE id = ${id}`);
}

export async function refusePrivacyRequest(tx: Queryable, id: bigint, error: string, at: Date): Promise<void> {
  await tx.execute(sql`
    UPDATE privacy_request SET status = 'ERROR', error = ${error}, finished_at = ${at}::timestamptz WHERE id = ${id}`);
}

/** A fault: the request is taken up again where it was. */
export async function retryPrivacyRequest(database: Queryable, id: bigint, error: string): Promise<void> {
  await database.execute(sql`
    UPDATE privacy_request SET status = 'RETRY_PENDING', error = ${error}
    WHERE id = ${id} AND status IN ('NEW', 'PROCESSING', 'DELETE_PENDING', 'DELETE_IN_PROGRESS', 'RETRY_PENDING')`);
}

/** Requests that nobody works at. Their leases are named after them. */
export async function findLeftPrivacyRequests(database: Queryable): Promise<bigint[]> {
  const left = await database.query<{ id: bigint }>(sql`
    SELECT r.id FROM privacy_request r LEFT JOIN lease ON lease.name = 'privacy:' || r.id
    WHERE r.status IN ('NEW', 'PROCESSING', 'DELETE_PENDING', 'DELETE_IN_PROGRESS', 'RETRY_PENDING')
      AND (lease.name IS NULL OR lease.expires_at <= clock_timestamp()) ORDER BY r.id LIMIT 100`);
  return left.map(({ id }) => id);
}

/** Erasures that nobody has confirmed in time. @returns how many lapsed */
export async function lapsePrivacyRequests(tx: Queryable, error: string, at: Date): Promise<number> {
  return tx.execute(sql`
    UPDATE privacy_request SET status = 'ERROR', error = ${error}, finished_at = ${at}::timestamptz
    WHERE status = 'DELETE_CONFIRMATION_PENDING' AND confirm_before < ${at}::timestamptz`);
}

/** Deletes pieces of files whose time is over. @returns how many */
export async function purgeFileParts(tx: Queryable, at: Date, size: number): Promise<number> {
  return tx.execute(sql`
    DELETE FROM privacy_file_part WHERE (request_id, part) IN (
      SELECT p.request_id, p.part FROM privacy_request r JOIN privacy_file_part p ON p.request_id = r.id
      WHERE r.status = 'COMPLETE' AND r.expires_at <= ${at}::timestamptz LIMIT ${size})`);
}

/** An ended request that is old names nobody any more: what stays is that there was one, and what it did. */
export async function forgetSubjects(tx: Queryable, endedBefore: Date, at: Date): Promise<number> {
  return tx.execute(sql`
    UPDATE privacy_request SET value = CASE WHEN value LIKE 'erased:%' THEN value END, file_bytes = NULL, report = report - 'shared'
    WHERE status IN ('COMPLETE', 'ERROR') AND (expires_at <= ${at}::timestamptz OR (expires_at IS NULL AND finished_at <= ${endedBefore}::timestamptz))
      AND (value NOT LIKE 'erased:%' OR file_bytes IS NOT NULL OR report ? 'shared')`);
}
