/** A provider whose answers a test decides: its past, an outage of it, and what the ledger says of it afterwards. */
import type { FailureReason } from '../../../src/domain/vocabulary.ts';
import { detectIncidents } from '../../../src/operations/detect-incidents.ts';
import { foldCounters } from '../../../src/operations/fold-counters.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { type DeliveryResultItem, recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { rows, sql } from '../../../src/store/database.ts';
import { API_DOOR, TEXT } from '../../support/feedback-instance.ts';

/** What was counted at the domain on the day before yesterday, by the test's clock. */
export async function putPast(
  instance: Instance,
  domain: string,
  counts: Partial<Record<FailureReason | 'DELIVERED', number>>,
): Promise<void> {
  const day = Math.floor(instance.now().getTime() / 86_400_000) - 2;
  const results = Object.entries(counts).map(([result, amount]) => ({ result, amount }));
  await instance.database.execute(sql`
    INSERT INTO domain_result (channel, domain, slot, result, amount)
    SELECT 'EMAIL', ${domain}, ${day * 144}::int, r.result, r.amount FROM jsonb_to_recordset(${rows(results)}::jsonb) AS r(result text, amount int)`);
}

export interface Given {
  readonly domain: string;
  readonly count: number;
  /** Names of the addresses. */
  readonly name?: string;
  readonly outcome?: DeliveryResultItem['outcome'];
  readonly text?: string;
  /** Before now. */
  readonly minutesAgo?: number;
}

/** Records one result for each of so many addresses of the domain: "unknown user", just now, unless told otherwise. @returns the addresses */
export async function give(
  instance: Instance,
  { domain, count, name = 'p', outcome = 'FAILED', text, minutesAgo = 1 }: Given,
): Promise<string[]> {
  const occurredAt = new Date(instance.now().getTime() - minutesAgo * 60_000);
  const addresses = Array.from({ length: count }, (_, at) => `${name}${at}@${domain}`);
  const said = outcome === 'FAILED' ? (text ?? TEXT.unknownUser) : null;
  const items = addresses.map((address) => ({ channel: 'EMAIL' as const, address, outcome, text: said, occurredAt }));
  const outcomes = await recordDeliveryResults(instance, items, API_DOOR);
  const refused = outcomes.filter(({ accepted }) => !accepted);
  if (refused.length > 0) throw new Error(`a result was refused: ${refused[0]?.error?.message}`);
  return addresses;
}

/** Folds what was counted and looks for jumps, as the jobs do. */
export async function detect(instance: Instance): Promise<bigint[]> {
  await foldCounters(instance);
  return detectIncidents(instance);
}

/** 100 of 120 answers are "unknown user", at a domain with hardly any before. @returns the incident's id */
export async function anOutage(instance: Instance, domain: string): Promise<bigint> {
  await putPast(instance, domain, { DELIVERED: 1_000, USER_UNKNOWN: 10 });
  await give(instance, { domain, count: 20, name: 'fine', outcome: 'DELIVERED' });
  await give(instance, { domain, count: 100, name: 'hit' });
  const [id] = await detect(instance);
  if (id === undefined) throw new Error('no incident was opened');
  return id;
}

export interface IncidentView {
  readonly state: string;
  readonly quarantined: number;
  readonly held: number;
  readonly baselineShare: number;
  readonly openingShare: number;
  readonly currentShare: number;
  readonly carryState: string | null;
  readonly carriedOut: number;
  readonly closedBy: string | null;
}

export async function incidentOf(instance: Instance, id: bigint): Promise<IncidentView> {
  const [row] = await instance.database.query<IncidentView>(sql`
    SELECT state, quarantined, held, baseline_share AS "baselineShare", opening_share AS "openingShare", current_share AS "currentShare",
      carry_state AS "carryState", carried_out AS "carriedOut", closed_by AS "closedBy"
    FROM incident WHERE id = ${id}`);
  if (row === undefined) throw new Error('there is no such incident');
  return row;
}

/** The kinds of the incident's lines, in the order of the feed. */
export async function storyOf(instance: Instance, id: bigint): Promise<string[]> {
  const found = await instance.database.query<{ kind: string }>(sql`
    SELECT kind FROM incident_event WHERE incident_id = ${id} ORDER BY txid, id`);
  return found.map(({ kind }) => kind);
}
