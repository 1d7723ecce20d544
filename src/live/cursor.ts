import type { Ledger } from '../store/database.ts';
import type { LedgerPosition } from '../store/ledger-rows.ts';

const VERSION = '1';
const LARGEST_ID = 2n ** 63n - 1n;
const LARGEST_TXID = 2n ** 64n - 1n;
const LETTERS: Record<Ledger, string> = { QUARANTINE: 'q', DELIVERY_LOG: 'd', EXCLUSION_LOG: 'x', ALERT: 'a', INCIDENT: 'i' };

/** The cursor of another subscription, of another database or epoch, or older than what is kept. */
export class CursorExpiredError extends Error {
  override readonly name = 'CursorExpiredError';
}

/** The text is no cursor of a subscription at all. */
export class MalformedCursorError extends Error {
  override readonly name = 'MalformedCursorError';
}

/** Opaque to clients: version, ledger, epoch, txid, id. */
export function encodeCursor(ledger: Ledger, epochTag: string, position: LedgerPosition): string {
  return Buffer.from([VERSION, LETTERS[ledger], epochTag, position.txid, position.id].join('.')).toString('base64url');
}

/**
 * @throws MalformedCursorError where the text is none of ours
 * @throws CursorExpiredError where it is, but of another ledger, database or epoch
 */
export function decodeCursor(text: string, ledger: Ledger, epochTag: string): LedgerPosition {
  const match = /^1\.([qdxai])\.([\w-]{10})\.(\d{1,20})\.(\d{1,19})$/.exec(Buffer.from(text, 'base64url').toString('latin1'));
  if (!match || Buffer.from(match[0]).toString('base64url') !== text) {
    throw malformed();
  }
  const [, letter, tag, txid = '0', id = '0'] = match;
  if (letter !== LETTERS[ledger]) throw new CursorExpiredError('`after` is the cursor of another subscription; start without it');
  if (tag !== epochTag) {
    throw new CursorExpiredError(
      '`after` is a cursor of another database, or of this one before it was restored; read the list anew and start without it',
    );
  }
  const position = { txid: BigInt(txid), id: BigInt(id) };
  if (position.id > LARGEST_ID || position.txid > LARGEST_TXID) {
    throw malformed();
  }
  return position;
}

function malformed(): MalformedCursorError {
  return new MalformedCursorError('`after` is not a cursor that this API gave; pass the `cursor` of an update as it was');
}
