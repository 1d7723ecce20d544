import { GraphQLScalarType, Kind } from 'graphql';
import { isDay } from '../domain/calendar.ts';
import { badInput } from './bad-input.ts';

const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

export const DateTimeScalar = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description: 'An instant as RFC 3339 text: with seconds and a time zone in inputs, always UTC with milliseconds in answers.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (value) => (value as Date).toISOString(),
  parseValue: parseDateTime,
  parseLiteral: (node) => parseDateTime(node.kind === Kind.STRING ? node.value : undefined),
});

/** Takes only what names one instant: JavaScript's own parser would read local times too. */
export function parseDateTime(text: unknown): Date {
  const parts = typeof text === 'string' ? RFC_3339.exec(text) : null;
  const instant = new Date(parts ? (text as string).toUpperCase() : Number.NaN);
  if (!parts || Number.isNaN(instant.getTime()) || !isDay(Number(parts[1]), Number(parts[2]), Number(parts[3]))) {
    throw badInput('A DateTime is RFC 3339 text with a time zone, for example "2026-03-01T09:30:00Z".');
  }
  if (instant.getUTCFullYear() < 1 || instant.getUTCFullYear() > 9999) throw badInput('A DateTime lies in the years 1 to 9999.');
  return instant;
}
