import { verifyQuarantine } from '../operations/verify-quarantine.ts';
import type { LedgerDifference } from '../store/verify-entries.ts';
import { CommandError, EXIT } from './command-error.ts';
import { atWorkplace, COMMAND_LINE } from './open-command.ts';

export interface VerifyCommandOptions {
  readonly repair?: boolean;
  readonly json?: boolean;
}

const SAYS: Record<LedgerDifference['kind'], string> = {
  DIFFERS: 'is not what its ledger says:',
  DELETED: 'is there, but its ledger says that it was deleted',
  MISSING: 'is not there, but its ledger says that it is',
  UNKNOWN: 'is there, but its ledger has no line',
};

/** `lazaret verify`: status 1 where the quarantine list is not what its ledger says, unless `--repair` has mended it. */
export async function runVerify({ repair = false, json = false }: VerifyCommandOptions): Promise<void> {
  const report = await atWorkplace((place) => {
    if (place.kind === 'server') {
      throw new CommandError(EXIT.unreachable, 'a server runs on this data directory: stop it, then verify (on PostgreSQL it may run on)');
    }
    const onDifference = (difference: LedgerDifference) => process.stdout.write(`${json ? jsonOf(difference) : lineOf(difference)}\n`);
    return verifyQuarantine(place.instance, COMMAND_LINE, { repair, onDifference });
  });
  const { compared, different, repaired } = report;
  if (!json) process.stdout.write(`${compared} entries compared, ${different} different${repair ? `, ${repaired} repaired` : ''}\n`);
  if (different > repaired) process.exitCode = EXIT.refused;
}

function lineOf({ kind, entryId, address, shortCode, fields }: LedgerDifference): string {
  const place = shortCode === '' ? address : `${address} (short code ${shortCode})`;
  return [`entry ${entryId}, ${place},`, SAYS[kind], fields.join(', ')].join(' ').trimEnd();
}

function jsonOf({ entryId, ...difference }: LedgerDifference): string {
  return JSON.stringify({ entryId: String(entryId), ...difference });
}
