// Do the migrations lead to prisma/schema.prisma? Prisma's own diff does not see checks, partial and expression indexes, and takes the
// foreign keys that big tables leave out on purpose for drift: those are listed here, and anything else is a difference.
import { PGlite } from '@electric-sql/pglite';
import { sql } from '../src/store/database.ts';
import { openEmbeddedDatabase } from '../src/store/embedded-database.ts';
import { migrate } from '../src/store/migrate.ts';
import { schemaDiff } from '../test/support/schema-diff.ts';

/** Relations that Prisma may follow and the database does not enforce: big tables carry no keys to each other. */
const NO_FOREIGN_KEY = [
  'address_profile_id_fkey',
  'consent_event_profile_id_fkey',
  'quarantine_entry_last_delivery_id_fkey',
  'quarantine_event_delivery_id_fkey',
  'quarantine_event_incident_id_fkey',
  'delivery_log_delivery_id_fkey',
  'delivery_log_profile_id_fkey',
  'delivery_log_qualification_id_fkey',
  'delivery_event_delivery_id_fkey',
  'exclusion_log_delivery_id_fkey',
  'exclusion_log_profile_id_fkey',
];

/** Made by SQL in the migrations and unknown to schema.prisma. */
const OWN_INDEXES = [
  'address_opted_out_idx',
  'address_value_prefix_idx',
  'alert_acknowledged_idx',
  'alert_feed_idx',
  'alert_open_idx',
  'delivery_event_address_idx',
  'delivery_event_correction_idx',
  'delivery_event_failure_idx',
  'delivery_event_feed_idx',
  'delivery_event_qualification_idx',
  'delivery_event_success_idx',
  'delivery_event_undefined_idx',
  'delivery_log_failed_idx',
  'delivery_log_failure_reason_idx',
  'delivery_log_message_id_idx',
  'delivery_log_pending_idx',
  'domain_delay_settle_idx',
  'domain_result_fine_idx',
  'erased_key_external_id_idx',
  'exclusion_log_feed_idx',
  'inbound_event_address_idx',
  'incident_closed_idx',
  'incident_event_feed_idx',
  'incident_open_key',
  'inbound_event_unproven_idx',
  'profile_external_id_prefix_idx',
  'qualification_first_address_idx',
  'quarantine_entry_address_prefix_idx',
  'quarantine_entry_last_error_idx',
  'quarantine_event_feed_idx',
  'quarantine_event_incident_idx',
  'quarantine_event_place_idx',
  'quarantine_event_release_idx',
  'quarantine_release_incident_idx',
  'quarantine_event_version_key',
];

const OWN_CHECKS = [
  'address_value_check',
  'alert_acknowledged_check',
  'consent_event_channel_check',
  'counter_delta_kind_check',
  'delivery_control_group_percent_check',
  'delivery_limit_to_check',
  'delivery_log_attempts_check',
  'delivery_log_version_check',
  'delivery_run_check',
  'delivery_run_counts_check',
  'delivery_validity_hours_check',
  'domain_result_amount_check',
  'exclusion_cause_volume_check',
  'inbound_event_kind_check',
  'inbound_event_state_check',
  'incident_closed_check',
  'incident_counts_check',
  'privacy_request_step_check',
  'privacy_request_subject_check',
  'profile_external_id_check',
  'qualification_md5_check',
  'qualification_occurrences_check',
  'qualification_rule_hits_check',
  'qualification_rule_pattern_check',
  'quarantine_entry_address_check',
  'quarantine_entry_error_count_check',
  'quarantine_entry_short_code_check',
  'quarantine_entry_version_check',
  'quarantine_event_error_count_check',
  'quarantine_event_held_check',
  'quarantine_event_version_check',
  'quarantine_share_counts_check',
  'quarantine_share_month_check',
  'token_scopes_check',
];

const problems: string[] = [];
const client = await PGlite.create();
const database = await openEmbeddedDatabase({ client });
await migrate(database);

const statements = (await schemaDiff(client))
  .split(/^-- \w+$/m)
  .map((part) => part.trim())
  .filter(Boolean);
for (const statement of statements) {
  const key = /^ALTER TABLE "\w+" ADD CONSTRAINT "(\w+)" FOREIGN KEY/.exec(statement)?.[1];
  const index = /^DROP INDEX "(\w+)";$/.exec(statement)?.[1];
  if (key && NO_FOREIGN_KEY.includes(key)) continue;
  if (index && OWN_INDEXES.includes(index)) continue;
  problems.push(`schema.prisma wants: ${statement}`);
}

const names = async (text: ReturnType<typeof sql>) => (await database.query<{ name: string }>(text)).map((row) => row.name);
const compare = (what: string, found: readonly string[], wanted: readonly string[]) => {
  for (const name of wanted) if (!found.includes(name)) problems.push(`the migrations make no ${what} ${name}`);
  for (const name of found)
    if (!wanted.includes(name)) problems.push(`the ${what} ${name} is not in the list of scripts/check-migrations.ts`);
};
compare(
  'check',
  await names(sql`SELECT conname AS name FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace`),
  OWN_CHECKS,
);
compare(
  'index',
  (
    await names(sql`
      SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      WHERE c.relnamespace = 'public'::regnamespace
        AND (i.indpred IS NOT NULL OR i.indexprs IS NOT NULL OR c.relname ~ '_(prefix|feed)_idx$' OR c.relname = 'quarantine_event_version_key')`)
  ).filter((name) => !name.startsWith('_prisma')),
  OWN_INDEXES,
);
const identity = await names(
  sql`SELECT table_name || '.' || column_name AS name FROM information_schema.columns WHERE is_identity = 'YES' AND table_schema = 'public'`,
);
for (const name of identity) problems.push(`${name} is an identity column; ids come from sequences`);

await database.close();
for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
