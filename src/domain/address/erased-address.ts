const PREFIX = 'erased:';

/** What an address reads after an erasure: `erased:` and the first 12 hexadecimal digits of its key (amendment A8). */
export function erasedAddress(addressKey: string): string {
  return PREFIX + addressKey.replaceAll('-', '').slice(0, 12);
}

/** Is this the display form of an erased address? Such a text names a row, it is never an address that could be written to. */
export function isErasedAddress(text: string): boolean {
  return /^erased:[0-9a-f]{12}$/.test(text);
}
