import { randomUUID } from 'node:crypto';
import { InvalidInputError } from '../domain/errors.ts';
import { type ImportTally, importShare, importWarning } from '../domain/import/import-share.ts';
import { insertAlerts } from '../store/alerts.ts';
import { countShutAddresses } from '../store/shut-addresses.ts';
import { checkStorable } from './check-profile.ts';
import type { CheckedProfile } from './import-profiles.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';

export interface EndImportInput extends ImportTally {
  /** Where the rows came from: the name of the file. */
  readonly source: string;
  /** What became of the rows, for the audit trail. */
  readonly counts?: object;
}

export interface ImportReport extends ImportTally {
  /** In per cent. */
  readonly share: number;
  /** null where there is nothing to warn of. */
  readonly warning: string | null;
}

const SOURCE_MAX = 1_000;

/** Counts the addresses of rows, and those of them that the quarantine list shuts. Two of one profile are two. */
export async function tallyAddresses({ database }: Instance, rows: readonly CheckedProfile[]): Promise<ImportTally> {
  const keys = rows.flatMap(({ addresses }) => addresses.map(({ addressKey }) => addressKey));
  return { addresses: keys.length, inQuarantine: await countShutAddresses(database, keys) };
}

/** What is to be said of an import, by the setting `importQuarantineWarning`. Changes nothing. */
export async function assessImport(instance: Instance, { addresses, inQuarantine }: ImportTally): Promise<ImportReport> {
  const tally = { addresses, inQuarantine };
  const { importQuarantineWarning } = await instance.settings();
  return { ...tally, share: importShare(tally), warning: importWarning(tally, importQuarantineWarning) };
}

/**
 * Ends an import of profiles: writes its line into the audit trail and, where more of it was in quarantine already than the setting
 * allows, raises an alert. Every import of such a list raises one of its own.
 *
 * @throws InvalidInputError
 */
export async function endImport(instance: Instance, input: EndImportInput, actor: Actor): Promise<ImportReport> {
  checkTally(input);
  checkStorable('source', input.source, SOURCE_MAX);
  const report = await assessImport(instance, input);
  const { source, counts } = input;
  const now = instance.now();
  const raised = await instance.database.transaction(async (tx) => {
    const { addresses, inQuarantine } = report;
    await recordAudit(tx, actor, 'profile.import.end', 'Profile', { file: source, ...counts, addresses, inQuarantine }, now);
    if (report.warning === null) return 0;
    const text = `The import of ${source}: ${report.warning}`;
    return insertAlerts(tx, [{ kind: 'IMPORT_IN_QUARANTINE', subject: randomUUID(), text, qualificationId: null }], now);
  });
  if (raised > 0) instance.database.hints.notify('ALERT');
  return report;
}

function checkTally({ addresses, inQuarantine }: ImportTally): void {
  if (!Number.isInteger(addresses) || addresses < 0) throw new InvalidInputError('The number of addresses is 0 or more.', 'addresses');
  if (!Number.isInteger(inQuarantine) || inQuarantine < 0 || inQuarantine > addresses) {
    throw new InvalidInputError('The addresses in quarantine are 0 to all of the addresses.', 'inQuarantine');
  }
}
