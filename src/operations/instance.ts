import type { Logger } from 'pino';
import type { AddressResult } from '../domain/address/canonical-address.ts';
import type { OpenIncidents } from '../domain/incident/hold-quarantine.ts';
import type { Settings } from '../domain/settings/settings.ts';
import type { Channel } from '../domain/vocabulary.ts';
import type { Database } from '../store/database.ts';
import type { RuleBooks } from './rule-books.ts';

/** Who asks for a change: the name goes into ledgers and the audit trail. */
export interface Actor {
  /** Name of the token or job. */
  readonly name: string;
  /** Global dedupe keys are unique per token; null for jobs and the command line. */
  readonly tokenId: bigint | null;
}

/** Brings addresses to their one form and makes their keys, by the instance's own rules and secret. */
export interface AddressBook {
  /** `international`: the number lacks its + but is international, as in SMPP receipts. */
  canonical(channel: Channel, value: string, options?: { international?: boolean }): AddressResult;
  key(channel: Channel, canonical: string): string;
  /** What is kept of the external id of an erased person. */
  externalIdKey(externalId: string): string;
  /** HMAC pads of the secret, for the one statement that makes keys of profiles in SQL. */
  readonly sqlPads: { readonly inner: Buffer; readonly outer: Buffer };
}

/** What every operation is given. Long-lived; made once by `openInstance`. */
export interface Instance {
  readonly database: Database;
  /** The only clock: tests and simulations set it. */
  readonly now: () => Date;
  readonly log: Logger;
  /** Names this process in leases. */
  readonly node: string;
  /** Settings as they are now: at most half a second old on any node (amendment A16). */
  settings(): Promise<Settings>;
  addressBook(): Promise<AddressBook>;
  readonly ruleBooks: RuleBooks;
  /** Incidents that are open: at most half a second old on any node. */
  openIncidents(): Promise<OpenIncidents>;
}
