/** What was counted of an import. */
export interface ImportTally {
  /** Addresses in the rows that were taken. */
  readonly addresses: number;
  /** Of these, those that the quarantine list shuts already: in quarantine or on the denylist. */
  readonly inQuarantine: number;
}

/** In per cent, 0 where there was no address. */
export function importShare({ addresses, inQuarantine }: ImportTally): number {
  return addresses === 0 ? 0 : (100 * inQuarantine) / addresses;
}

/**
 * The warning of an import of which too much is shut already: such a list was bought, is old, or is the wrong file, and writing to its rest
 * costs the sender's reputation.
 *
 * @param limit setting `importQuarantineWarning`, in per cent: the warning comes above it, not at it
 * @returns null where there is nothing to warn of
 */
export function importWarning(tally: ImportTally, limit: number): string | null {
  const share = importShare(tally);
  if (share <= limit) return null;
  const figure = (count: number) => count.toLocaleString('en');
  return (
    `${figure(tally.inQuarantine)} of ${figure(tally.addresses)} addresses (${share.toFixed(1)} %) are in quarantine or on the denylist already, ` +
    `more than the ${limit} % of the setting importQuarantineWarning: look at where the list comes from before you write to the rest.`
  );
}
