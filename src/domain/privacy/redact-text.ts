/** The texts of a person that a shared text must not keep. */
export type PersonWords = Readonly<{
  addresses: readonly string[];
  firstName: string | null;
  lastName: string | null;
  externalId: string | null;
}>;

const MARK = '***';
/** Shorter ids also stand in texts that speak of nobody: 42 in "421 try again". */
const ID_MIN = 6;

/** A canonical phone number: the plus, the country code and the rest. */
const NUMBER = /^\+[0-9]{7,15}$/;
/** What may stand between two digits of a number. */
const GAP = '[ ./()\\u00a0-]{0,3}';

/**
 * A text that many people share, without what it says of this one: addresses, also in the form `local=domain` of a return path and
 * percent-encoded, numbers however their digits are grouped, with or without their plus, the whole name in either order, the external id as a
 * word.
 *
 * Never a first or last name alone: "Will" and "Page" are words of the language, and the text belongs to everybody.
 */
export function redactText(text: string, words: PersonWords): string {
  return redactedPatterns(words).reduce((redacted, pattern) => redacted.replace(new RegExp(pattern, 'giu'), MARK), text);
}

/** The same as patterns, which mean the same to PostgreSQL. Longer ones first: one may contain another. */
export function redactedPatterns({ addresses, firstName, lastName, externalId }: PersonWords): string[] {
  const given = addresses.map((address) => address.trim());
  const forms = given.flatMap((address) => ['@', '=', '%40'].map((sign) => address.replace(/@(?=[^@]*$)/, sign)));
  const numbers = given.filter((address) => NUMBER.test(address)).map(numberPattern);
  const names = firstName && lastName ? [`${firstName} ${lastName}`, `${lastName} ${firstName}`, `${lastName}, ${firstName}`] : [];
  const ids = externalId !== null && externalId.length >= ID_MIN ? [externalId] : [];
  const words = [...names, ...ids].map((word) => `(?<![A-Za-z0-9])${escaped(word)}(?![A-Za-z0-9])`);
  return [...new Set([...forms.map(escaped), ...numbers, ...words])].sort((a, b) => b.length - a.length);
}

const numberPattern = (number: string): string => `(?<![0-9])(?:[+]|00)?${[...number.slice(1)].join(GAP)}(?![0-9])`;

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
