import { InvalidInputError } from '../domain/errors.ts';
import { apiDoor } from '../operations/api-door.ts';
import type { Door } from '../operations/feedback-item.ts';
import type { Instance } from '../operations/instance.ts';
import { type DeliveryResultOutcome, recordDeliveryResults } from '../operations/record-delivery-results.ts';
import { parseDeliveryResultLine } from './delivery-result-line.ts';
import { type Exchange, type Route, toJson } from './exchange.ts';
import type { Gate } from './gate.ts';
import { answerAsItComes, NDJSON } from './ndjson-answer.ts';
import { requireContentType } from './read-body.ts';
import { type Line, type LineLimits, readLines } from './read-lines.ts';

const MIB = 1024 * 1024;
const LIMITS: LineLimits = { lineBytes: MIB, batchLines: 1_000, batchBytes: 4 * MIB };
/** Who sends nothing, or reads nothing, for this long is gone. */
const IDLE_MS = 60_000;
/**
 * POST /ingest/events: one DeliveryResultInput a line, of any number; one result a line, in order. A line that cannot be taken is
 * answered in its place and stops no other. A result is written once it is stored durably; if the answer breaks off, send the rest
 * again: what was stored is a duplicate then and changes nothing. It breaks off within seconds where the token is revoked meanwhile.
 */
export function ingestEventsRoute(instance: Instance, gate: Gate): Route {
  return {
    methods: ['POST'],
    path: '/ingest/events',
    handle: async (exchange) => {
      const bearer = await gate.admit(exchange, 'ingest:write');
      requireContentType(exchange.request, NDJSON);
      await answerLines(instance, gate, exchange, apiDoor(bearer));
    },
  };
}

function answerLines(instance: Instance, gate: Gate, exchange: Exchange, door: Door): Promise<void> {
  return answerAsItComes(exchange, IDLE_MS, async (body, answer) => {
    let index = 0;
    for await (const lines of readLines(body, LIMITS)) {
      await gate.readmit(exchange);
      const outcomes = await recordDeliveryResults(instance, lines.map(itemOf), door);
      const first = index;
      index += lines.length;
      await answer.write(outcomes.map((outcome, at) => resultLine(outcome, first + at, lines[at]?.number ?? 0)).join(''));
    }
  });
}

const itemOf = ({ text, problem }: Line) => (text === null ? new InvalidInputError(problem ?? '') : parseDeliveryResultLine(text));

function resultLine({ error, ...outcome }: DeliveryResultOutcome, index: number, line: number): string {
  const told = error ? { code: error.code, message: `Line ${line}: ${error.message}`, field: error.field } : null;
  return `${toJson({ line, ...outcome, index, error: told })}\n`;
}
