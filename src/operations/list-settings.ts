import type { SettingKey, SettingUnit } from '../domain/settings/setting-catalogue.ts';
import { parseSetting, SETTING_KEYS, settingDefinition } from '../domain/settings/settings.ts';
import { type Queryable, sql } from '../store/database.ts';
import type { Instance } from './instance.ts';

/** A setting as an administrator sees it (amendment A9). */
export interface ListedSetting {
  readonly key: SettingKey;
  readonly value: unknown;
  readonly defaultValue: unknown;
  readonly unit: SettingUnit;
  readonly meaning: string;
  /** Null = nobody has changed it. */
  readonly updatedAt: Date | null;
  readonly updatedBy: string | null;
}

interface StoredSetting {
  readonly key: string;
  readonly value: unknown;
  readonly updatedAt: Date;
  readonly updatedBy: string | null;
}

/** All settings in the order of the catalogue, as they are stored now. */
export async function listSettings(instance: Instance): Promise<ListedSetting[]> {
  const stored = await readStored(instance.database, SETTING_KEYS);
  return SETTING_KEYS.map((key) => listed(key, stored.get(key)));
}

/** One setting, as it is stored now. */
export async function readSetting(database: Queryable, key: SettingKey): Promise<ListedSetting> {
  return listed(key, (await readStored(database, [key])).get(key));
}

async function readStored(database: Queryable, keys: readonly SettingKey[]): Promise<ReadonlyMap<string, StoredSetting>> {
  const found = await database.query<StoredSetting>(sql`
    SELECT key, value, updated_at AS "updatedAt", updated_by AS "updatedBy" FROM setting WHERE key = ANY(${keys}::text[])`);
  return new Map(found.map((row) => [row.key, row]));
}

function listed(key: SettingKey, stored: StoredSetting | undefined): ListedSetting {
  const { default: defaultValue, unit, meaning } = settingDefinition(key);
  const parsed = stored && parseSetting(key, stored.value);
  // What work goes by; a stored value that cannot be used stops it, so it is shown as it stands.
  const value = parsed?.ok ? parsed.value : (stored?.value ?? defaultValue);
  return { key, value, defaultValue, unit, meaning, updatedAt: stored?.updatedAt ?? null, updatedBy: stored?.updatedBy ?? null };
}
