import { z } from 'zod';
import { InvalidInputError } from '../domain/errors.ts';
import { CHANNELS, DELIVERY_OUTCOMES, EVENT_ORIGINS } from '../domain/vocabulary.ts';
import { parseDateTime } from '../graphql/date-time.ts';
import { type NodeType, parseGlobalId } from '../graphql/global-id.ts';
import type { DeliveryResultItem } from '../operations/record-delivery-results.ts';

const oneOf = <const T extends readonly [string, ...string[]]>(values: T) => z.enum(values, `This takes ${values.join(', ')}.`);
const text = z.string('This takes text.');

/** The same as GraphQL's input of that name: ids and instants as text. */
const DeliveryResultLine = z.strictObject({
  eventId: text.nullish(),
  deliveryId: idOf('Delivery').nullish(),
  deliveryLogId: idOf('DeliveryLog').nullish(),
  channel: oneOf(CHANNELS),
  address: text,
  shortCode: text.nullish(),
  messageId: text.nullish(),
  outcome: oneOf(DELIVERY_OUTCOMES),
  text: text.nullish(),
  origin: oneOf(EVENT_ORIGINS).default('SYNC'),
  occurredAt: text.transform((value, context) => {
    try {
      return parseDateTime(value);
    } catch (error) {
      context.addIssue((error as Error).message);
      return z.NEVER;
    }
  }),
});

/** One line of NDJSON as an item, or why it is none. */
export function parseDeliveryResultLine(line: string): DeliveryResultItem | InvalidInputError {
  const json = parseJson(line);
  if (json === undefined) return new InvalidInputError('The line is not valid JSON.');
  const parsed = DeliveryResultLine.safeParse(json);
  return parsed.success ? parsed.data : refusalOf(parsed.error, json);
}

function refusalOf(error: z.ZodError, json: unknown): InvalidInputError {
  const issue = error.issues[0];
  if (!(json instanceof Object) || Array.isArray(json)) return new InvalidInputError('A line is one JSON object.');
  if (issue?.code === 'unrecognized_keys') {
    const name = issue.keys[0]?.slice(0, 60) ?? '';
    return new InvalidInputError(`There is no field ${JSON.stringify(name)}.`, name);
  }
  const field = issue?.path.join('.') ?? '';
  if (field && !Object.hasOwn(json, field)) return new InvalidInputError(`The field ${field} is missing.`, field);
  return new InvalidInputError(issue?.message ?? 'The line does not fit.', field);
}

function idOf(type: NodeType) {
  return text.transform((value, context) => {
    const id = parseGlobalId(value);
    if (id?.type === type) return id.id;
    context.addIssue(`This is not the id of a ${type}.`);
    return z.NEVER;
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
