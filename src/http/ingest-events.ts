import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { InvalidInputError } from '../domain/errors.ts';
import { apiDoor } from '../operations/api-door.ts';
import type { Door } from '../operations/feedback-item.ts';
import type { Instance } from '../operations/instance.ts';
import { type DeliveryResultOutcome, recordDeliveryResults } from '../operations/record-delivery-results.ts';
import { parseDeliveryResultLine } from './delivery-result-line.ts';
import { type Exchange, type Route, toJson } from './exchange.ts';
import type { Gate } from './gate.ts';
import { HttpError } from './http-error.ts';
import { requireContentType } from './read-body.ts';
import { type Line, type LineLimits, readLines } from './read-lines.ts';

const MIB = 1024 * 1024;
const LIMITS: LineLimits = { lineBytes: MIB, batchLines: 1_000, batchBytes: 4 * MIB };
/** Who sends nothing, or reads nothing, for this long is gone. */
const IDLE_MS = 60_000;
/**
 * Results that may wait in memory for a client that sends everything before it reads the first answer, as simple clients do. Beyond, no
 * more lines are read until it reads.
 */
const UNREAD_MAX = 16 * MIB;
const NDJSON = 'application/x-ndjson';

/**
 * POST /ingest/events: one DeliveryResultInput a line, of any number; one result a line, in order. A line that cannot be taken is
 * answered in its place and stops no other. A result is written once it is stored durably; if the answer breaks off, send the rest
 * again: what was stored is a duplicate then and changes nothing.
 */
export function ingestEventsRoute(instance: Instance, gate: Gate): Route {
  return {
    methods: ['POST'],
    path: '/ingest/events',
    handle: async (exchange) => {
      const bearer = await gate.admit(exchange, 'ingest:write');
      requireContentType(exchange.request, NDJSON);
      await answerLines(instance, exchange, apiDoor(bearer));
    },
  };
}

async function answerLines(instance: Instance, { request, response }: Exchange, door: Door): Promise<void> {
  const cut = () => void request.socket.destroy();
  request.socket.setTimeout(IDLE_MS, cut);
  let index = 0;
  try {
    for await (const lines of readLines(request, LIMITS)) {
      const outcomes = await recordDeliveryResults(instance, lines.map(itemOf), door);
      const first = index;
      index += lines.length;
      await write(response, outcomes.map((outcome, at) => resultLine(outcome, first + at, lines[at]?.number ?? 0)).join(''));
    }
  } catch (error) {
    if (request.destroyed && !request.complete)
      throw new HttpError(400, 'BAD_USER_INPUT', 'The body ended too early.', { Connection: 'close' });
    throw error;
  } finally {
    // With its listener: the next request on this connection brings its own.
    request.socket.setTimeout(0, cut);
  }
  begin(response);
  response.end();
}

const itemOf = ({ text, problem }: Line) => (text === null ? new InvalidInputError(problem ?? '') : parseDeliveryResultLine(text));

function resultLine({ error, ...outcome }: DeliveryResultOutcome, index: number, line: number): string {
  const told = error ? { code: error.code, message: `Line ${line}: ${error.message}`, field: error.field } : null;
  return `${toJson({ line, ...outcome, index, error: told })}\n`;
}

/** Late, so that a fault in the first batch is answered with its status. */
function begin(response: ServerResponse): void {
  if (!response.headersSent) response.writeHead(200, { 'Content-Type': `${NDJSON}; charset=utf-8` });
}

async function write(response: ServerResponse, text: string): Promise<void> {
  begin(response);
  if (!response.write(text) && response.writableLength > UNREAD_MAX) await Promise.race([once(response, 'drain'), once(response, 'close')]);
  if (response.destroyed) throw new HttpError(400, 'BAD_USER_INPUT', 'The client went away.');
}
