import type { IncidentPolicy } from '../incident/decide-incident.ts';
import type { QuarantinePolicy } from '../quarantine/quarantine-state.ts';
import { assertNever, type Channel } from '../vocabulary.ts';
import { SETTING_CATALOGUE, type SettingDefinition, type SettingKey } from './setting-catalogue.ts';

export const DAY_MS = 86_400_000;

/** The value of every setting. */
export type Settings = Readonly<{ [K in SettingKey]: (typeof SETTING_CATALOGUE)[K]['default'] }>;

export type SettingResult<K extends SettingKey = SettingKey> =
  | Readonly<{ ok: true; key: K; value: Settings[K] }>
  | Readonly<{ ok: false; message: string }>;

export const SETTING_KEYS: readonly SettingKey[] = Object.keys(SETTING_CATALOGUE).filter(isSettingKey);

/** An instance on which nobody has changed anything. */
export const DEFAULT_SETTINGS: Settings = settingsFrom([]);

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTING_CATALOGUE, key);
}

/** Definition of a setting, for those who list them: default, unit and meaning. */
export function settingDefinition(key: SettingKey): SettingDefinition {
  return SETTING_CATALOGUE[key] as SettingDefinition;
}

/** Takes a value for a setting, as JSON has it, or says in a sentence what the setting takes. */
export function parseSetting(key: string, value: unknown): SettingResult {
  if (!isSettingKey(key)) return { ok: false, message: `There is no setting ${JSON.stringify(key.slice(0, 60))}.` };
  const parsed = settingDefinition(key).schema.safeParse(value);
  if (!parsed.success)
    return { ok: false, message: `The setting ${key} takes ${parsed.error.issues.map((issue) => issue.message).join(', ')}.` };
  return { ok: true, key, value: parsed.data as Settings[SettingKey] };
}

/** The same from text, as a command line or a form has it: JSON, or a bare word where that is what the setting takes. */
export function parseSettingText(key: string, text: string): SettingResult {
  return parseSetting(key, jsonOrWord(text));
}

/**
 * The settings of an instance from what is stored: defaults where nothing is. Rows with other keys are left aside.
 *
 * A stored value that the setting no longer takes is a fault and not replaced by the default: a threshold must not change by itself.
 */
export function settingsFrom(stored: Iterable<Readonly<{ key: string; value: unknown }>>): Settings {
  const values: Record<string, unknown> = {};
  for (const [key, definition] of Object.entries(SETTING_CATALOGUE)) values[key] = definition.default;
  for (const { key, value } of stored) {
    if (!isSettingKey(key)) continue;
    const parsed = parseSetting(key, value);
    if (!parsed.ok) throw new Error(`the stored value of a setting cannot be used. ${parsed.message}`);
    values[key] = parsed.value;
  }
  return values as Settings;
}

/** The figures that govern the counting and release of one channel's addresses (QTN-5). */
export function quarantinePolicy(settings: Settings, channel: Channel): QuarantinePolicy {
  return isMobile(channel) ? mobilePolicy(settings) : emailPolicy(settings);
}

/** The figures that decide when an incident opens. */
export function incidentPolicy(settings: Settings): IncidentPolicy {
  return {
    enabled: settings.incidentsEnabled,
    windowMs: settings.incidentWindow * 1000,
    baselineMs: settings.incidentBaselineDays * DAY_MS,
    minimumMessages: settings.incidentMinimumMessages,
    minimumShare: settings.incidentMinimumShare / 100,
    factor: settings.incidentFactor,
    closeAfterMs: settings.incidentCloseAfter * 1000,
  };
}

/** Does the channel go by the mobile figures? Post and other channels go by those of e-mail, which are the vendor's defaults. */
function isMobile(channel: Channel): boolean {
  switch (channel) {
    case 'SMS':
    case 'PHONE':
    case 'FAX':
    case 'PUSH':
      return true;
    case 'EMAIL':
    case 'DIRECT_MAIL':
    case 'OTHER':
      return false;
    default:
      return assertNever(channel);
  }
}

function emailPolicy(settings: Settings): QuarantinePolicy {
  return {
    threshold: settings.maxErrorsBeforeQuarantineEmail,
    significantGapMs: settings.significantErrorGapEmail * 1000,
    counterResetMs: settings.counterResetAfterEmail * DAY_MS,
    mailboxFullResetMs: settings.mailboxFullReleaseAfterEmail * DAY_MS,
    erroneousReleaseMs: settings.erroneousReleaseAfterEmail * DAY_MS,
    mailboxFullReleaseMs: settings.mailboxFullReleaseAfterEmail * DAY_MS,
    releaseMailboxFullQuarantine: settings.releaseMailboxFullQuarantineEmail,
    quarantineOnFaults: settings.quarantineOnFaults,
  };
}

function mobilePolicy(settings: Settings): QuarantinePolicy {
  return {
    threshold: settings.maxErrorsBeforeQuarantineMobile,
    significantGapMs: settings.significantErrorGapMobile * 1000,
    counterResetMs: settings.counterResetAfterMobile * DAY_MS,
    mailboxFullResetMs: settings.mailboxFullReleaseAfterMobile * DAY_MS,
    erroneousReleaseMs: settings.erroneousReleaseAfterMobile * DAY_MS,
    mailboxFullReleaseMs: settings.mailboxFullReleaseAfterMobile * DAY_MS,
    releaseMailboxFullQuarantine: settings.releaseMailboxFullQuarantineMobile,
    quarantineOnFaults: settings.quarantineOnFaults,
  };
}

function jsonOrWord(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
