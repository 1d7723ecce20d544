import { ConflictError, InvalidInputError } from '../domain/errors.ts';
import type { Channel } from '../domain/vocabulary.ts';
import { type Queryable, rows, sql } from '../store/database.ts';
import { checkShortCode } from './check-short-code.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

export interface CreateDeliveryInput {
  readonly label: string;
  /** Unique; absent: made of the label and the id. */
  readonly internalName?: string | null;
  readonly channel: Channel;
  /** null = all that have an address of the channel or none at all. */
  readonly profileIds?: readonly bigint[] | null;
  readonly contactDate?: Date | null;
  readonly validityHours?: number | null;
  readonly excludeDuplicates?: boolean | null;
  readonly controlGroupPercent?: number | null;
  readonly limitTo?: number | null;
  readonly subject?: string | null;
  readonly body?: string | null;
  readonly from?: string | null;
  readonly shortCode?: string | null;
}

const LABEL_MAX = 200;
const TEXT_MAX = 1_000_000;
const PROFILES_MAX = 100_000;
const PROFILES_PER_STATEMENT = 10_000;
const VALIDITY_HOURS_MAX = 8_760;
const LATEST_CONTACT_YEARS = 10;

/**
 * Creates a delivery in the state EDITION. Whom it reaches is decided by its preparation.
 *
 * @returns the delivery's id
 * @throws InvalidInputError with the field, ConflictError where the internal name is taken
 */
export async function createDelivery(instance: Instance, input: CreateDeliveryInput, actor: Actor): Promise<bigint> {
  const at = instance.now();
  checkTexts(input);
  checkFigures(input, at);
  const shortCode = input.shortCode == null ? null : checkShortCode(input.channel, input.shortCode);
  const profileIds = checkProfileIds(input.profileIds ?? null);
  return instance.database.transaction(async (tx) => {
    const id = await insertDelivery(tx, { ...input, shortCode }, at);
    for (let from = 0; from < (profileIds?.length ?? 0); from += PROFILES_PER_STATEMENT) {
      await insertTargets(tx, id, profileIds ?? [], from);
    }
    const detail = { label: input.label.trim(), channel: input.channel, profiles: profileIds?.length ?? 'all' };
    await recordAudit(tx, actor, 'delivery.create', `Delivery ${id}`, detail, at);
    return id;
  });
}

function checkTexts(input: CreateDeliveryInput): void {
  if (input.label.trim() === '') throw new InvalidInputError('Give the delivery a label.', 'label');
  checkText('label', input.label, LABEL_MAX);
  if (input.internalName?.trim() === '') {
    throw new InvalidInputError('An internal name is not empty; leave it out to have one made.', 'internalName');
  }
  checkText('internalName', input.internalName, LABEL_MAX);
  checkText('subject', input.subject, 1000);
  checkText('body', input.body, TEXT_MAX);
  checkText('from', input.from, 320);
}

function checkText(field: string, text: string | null | undefined, most: number): void {
  if (text === null || text === undefined) return;
  if (text.includes('\0') || !text.isWellFormed()) {
    throw new InvalidInputError(`The field ${field} contains a NUL character or half of a surrogate pair.`, field);
  }
  if (text.length > most) throw new InvalidInputError(`The field ${field} has at most ${most.toLocaleString('en')} characters.`, field);
}

function checkFigures(input: CreateDeliveryInput, at: Date): void {
  const percent = input.controlGroupPercent ?? 0;
  if (!(percent >= 0 && percent <= 100)) throw new InvalidInputError('A control group takes from 0 to 100 percent.', 'controlGroupPercent');
  const limit = input.limitTo ?? 0;
  if (!Number.isInteger(limit) || limit < 0) throw new InvalidInputError('A limit is a whole number, 0 for none.', 'limitTo');
  const hours = input.validityHours ?? null;
  if (hours !== null && !(Number.isInteger(hours) && hours > 0 && hours <= VALIDITY_HOURS_MAX)) {
    throw new InvalidInputError(`The validity takes from 1 to ${VALIDITY_HOURS_MAX.toLocaleString('en')} hours.`, 'validityHours');
  }
  const latest = new Date(at);
  latest.setUTCFullYear(latest.getUTCFullYear() + LATEST_CONTACT_YEARS);
  if (input.contactDate && !(input.contactDate <= latest)) {
    throw new InvalidInputError(`The contact date lies more than ${LATEST_CONTACT_YEARS} years ahead.`, 'contactDate');
  }
}

function checkProfileIds(profileIds: readonly bigint[] | null): readonly bigint[] | null {
  if (profileIds === null) return null;
  if (profileIds.length === 0) throw new InvalidInputError('Name at least one profile, or leave profileIds out to mean all.', 'profileIds');
  if (profileIds.length > PROFILES_MAX) {
    throw new InvalidInputError(`A delivery names at most ${PROFILES_MAX.toLocaleString('en')} profiles.`, 'profileIds');
  }
  return profileIds;
}

async function insertDelivery(tx: Queryable, input: CreateDeliveryInput, at: Date): Promise<bigint> {
  const label = input.label.trim();
  const given = input.internalName?.trim();
  const name = given === undefined ? sql`${slug(label)} || '-' || fresh.id` : sql`${given}`;
  const [row] = await tx.query<{ id: bigint }>(sql`
    INSERT INTO delivery (id, label, internal_name, channel, target_all, contact_date, validity_hours, exclude_duplicates, control_group_percent,
      limit_to, subject, body, sender, short_code, created_at, updated_at)
    SELECT fresh.id, ${label}, ${name}, ${input.channel}::"Channel", ${(input.profileIds ?? null) === null}::boolean,
      ${input.contactDate ?? null}::timestamptz, ${input.validityHours ?? null}::int, ${input.excludeDuplicates ?? true}::boolean,
      ${input.controlGroupPercent ?? 0}::float8, ${input.limitTo ?? 0}::int, ${input.subject ?? null}, ${input.body ?? null},
      ${input.from ?? null}, ${input.shortCode ?? null}, ${at}::timestamptz, ${at}::timestamptz
    FROM (SELECT nextval(pg_get_serial_sequence('delivery', 'id')) AS id) AS fresh
    ON CONFLICT (internal_name) DO NOTHING RETURNING id`);
  if (row === undefined) throw new ConflictError(`The internal name ${given ?? `of ${label}`} is taken by another delivery.`);
  return row.id;
}

function slug(label: string): string {
  const words = label
    .normalize('NFKD')
    .toLowerCase()
    .match(/[a-z0-9]+/g);
  return words?.join('-').slice(0, 60) ?? 'delivery';
}

/** @throws InvalidInputError that names the first profile that does not exist */
async function insertTargets(tx: Queryable, deliveryId: bigint, profileIds: readonly bigint[], from: number): Promise<void> {
  const chunk = profileIds.slice(from, from + PROFILES_PER_STATEMENT).map((id, place) => ({ id, place: from + place }));
  const [missing] = await tx.query<{ place: number }>(sql`
    SELECT r.place FROM jsonb_to_recordset(${rows(chunk)}::jsonb) AS r (id bigint, place int)
    WHERE NOT EXISTS (SELECT FROM profile WHERE profile.id = r.id) ORDER BY r.place LIMIT 1`);
  if (missing !== undefined) throw new InvalidInputError('There is no profile with this id.', `profileIds.${missing.place}`);
  await tx.execute(sql`
    INSERT INTO delivery_target (delivery_id, profile_id)
    SELECT ${deliveryId}, r.id FROM jsonb_to_recordset(${rows(chunk)}::jsonb) AS r (id bigint) ON CONFLICT DO NOTHING`);
}
