import { type DestinationStream, type Logger, pino } from 'pino';

/** Anything with an @ between two words, and long runs of digits as phone numbers have them. */
const ADDRESS = /[^\s<>"'(),;:=/]+@[^\s<>"'(),;/]+|\+?\d[\d .-]{7,}\d/g;

/** Addresses of people stay out of the log: an error of the database quotes the row that it is about. */
export const withoutAddresses = (text: string): string => text.replace(ADDRESS, '[address]');

/** The log: one JSON object a line on standard output. At `debug` and below errors are written as they are, for a person who looks for a cause. */
export function openLog(level: string, destination?: DestinationStream): Logger {
  const plain = level === 'debug' || level === 'trace';
  const clean = plain ? (text: string) => text : withoutAddresses;
  const options = { level, base: null, serializers: { err: (error: unknown) => describeError(error, clean) } };
  return destination ? pino(options, destination) : pino(options);
}

interface DescribedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: DescribedError;
}

/** Name, message, code, stack and cause; nothing else of it, since drivers hang the row's values on their errors. */
function describeError(error: unknown, clean: (text: string) => string): DescribedError {
  if (!(error instanceof Error)) return { name: typeof error, message: clean(String(error)) };
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    message: clean(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: clean(error.stack) }),
    ...(error.cause instanceof Error ? { cause: describeError(error.cause, clean) } : {}),
  };
}
