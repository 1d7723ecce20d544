import { InvalidInputError, NotFoundError } from '../domain/errors.ts';
import type { SettingKey } from '../domain/settings/setting-catalogue.ts';
import { isSettingKey, parseSettingText } from '../domain/settings/settings.ts';
import { sql } from '../store/database.ts';
import { bumpRevision } from '../store/revision.ts';
import type { Actor, Instance } from './instance.ts';
import { readSetting } from './list-settings.ts';
import { recordAudit } from './record-audit.ts';

export interface UpdateSettingInput {
  readonly key: string;
  /** As JSON: `5`, `true`, `["RECIPIENT"]`; a text may stand without its quotes. */
  readonly value: string;
}

/**
 * Changes a setting of the instance (amendment A9). Every node goes by it within a second (A16); what was decided before stays decided.
 *
 * @returns the setting's key
 * @throws NotFoundError for a key that is none, InvalidInputError with a sentence that says what the setting takes
 */
export async function updateSetting(instance: Instance, input: UpdateSettingInput, actor: Actor): Promise<SettingKey> {
  const { key } = input;
  if (!isSettingKey(key))
    throw new NotFoundError(`There is no setting ${JSON.stringify(key.slice(0, 60))}: the query "settings" lists them.`);
  const parsed = parseSettingText(key, input.value);
  if (!parsed.ok) throw new InvalidInputError(parsed.message, 'input.value');
  const to = JSON.stringify(parsed.value);
  const at = instance.now();
  await instance.database.transaction(async (tx) => {
    // Its row is locked first, so that the audit trail names what was really there before.
    await bumpRevision(tx, 'settings');
    const { value: from } = await readSetting(tx, key);
    await tx.execute(sql`
      INSERT INTO setting (key, value, updated_at, updated_by) VALUES (${key}, ${to}::jsonb, ${at}::timestamptz, ${actor.name})
      ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by`);
    await recordAudit(tx, actor, 'setting.update', `Setting ${key}`, { from, to: parsed.value }, at);
  });
  return key;
}
