const PREFIX = 'erased:';

/** What an address reads after an erasure: `erased:` and the first 12 hexadecimal digits of its key (amendment A8). */
export function erasedAddress(addressKey: string): string {
  return PREFIX + addressKey.replaceAll('-', '').slice(0, 12);
}

/** Is this the display form of an erased address? Such a text names a row, it is never an address that could be written to. */
export function isErasedAddress(text: string): boolean {
  return /^erased:[0-9a-f]{12}$/.test(text);
}

/** The first and the last key that an erased address of this display form can have: so that a list finds it by the index over keys. */
export function erasedKeyRange(display: string): Readonly<{ first: string; last: string }> {
  const digits = display.slice(PREFIX.length);
  const start = `${digits.slice(0, 8)}-${digits.slice(8, 12)}`;
  return { first: `${start}-0000-0000-000000000000`, last: `${start}-ffff-ffff-ffffffffffff` };
}
