import { finished } from 'node:stream/promises';
import { InvalidInputError } from '../domain/errors.ts';
import { type ImportRequest, importFile } from '../operations/import-file.ts';
import type { Instance } from '../operations/instance.ts';
import type { Scope } from '../operations/scopes.ts';
import { requireScope } from './credentials.ts';
import type { Exchange, Route } from './exchange.ts';
import type { Gate } from './gate.ts';
import { HttpError } from './http-error.ts';
import { answerAsItComes, NDJSON } from './ndjson-answer.ts';
import { requireContentType } from './read-body.ts';

/** Who sends nothing, or reads nothing, for this long is gone: longer than elsewhere, as a file may come from a slow program. */
const IDLE_MS = 300_000;
const CSV = 'text/csv';
const SOURCE_MAX = 1_000;

/** A file of profiles may say who has opted out. */
const SCOPES: Readonly<Record<ImportRequest['kind'], readonly [Scope, ...Scope[]]>> = {
  profiles: ['profiles:write', 'consent:write'],
  quarantine: ['quarantine:write'],
};

/**
 * POST /import/profiles and /import/quarantine: a file as the command line takes it, CSV with a header or NDJSON, of any length. Answers a line
 * for each row that is left out, `{"line", "reason", "row"}`, and at the end one for the others, `{"counts", "rejected", "warning"}`. If the answer breaks
 * off, send the file again: what is there already stays as it is.
 *
 * `?dryRun=true` checks and writes nothing; `?source=` names the file in the audit trail.
 */
export function importRoutes(instance: Instance, gate: Gate): Route[] {
  return (['profiles', 'quarantine'] as const).map((kind) => ({
    methods: ['POST'],
    path: `/import/${kind}`,
    handle: async (exchange) => {
      const [scope, ...others] = SCOPES[kind];
      const bearer = await gate.admit(exchange, scope);
      for (const other of others) requireScope(bearer, other);
      requireContentType(exchange.request, CSV, NDJSON);
      const request = { kind, ...optionsOf(exchange) };
      await answerAsItComes(exchange, IDLE_MS, async (body, answer) => {
        const imported = await importFile(instance, admitted(body, gate, exchange), request, bearer, (rows) =>
          answer.write(rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
        ).catch((error: unknown) => refusedWhole(error, exchange));
        await answer.write(`${JSON.stringify(imported)}\n`);
      });
    },
  }));
}

function optionsOf({ request }: Exchange): Omit<ImportRequest, 'kind'> {
  const parameters = new URL(request.url ?? '', 'http://localhost').searchParams;
  const dryRun = parameters.get('dryRun') ?? 'false';
  const source = parameters.get('source') ?? 'HTTP';
  if (!['true', 'false'].includes(dryRun)) throw new HttpError(400, 'BAD_USER_INPUT', 'The parameter dryRun takes true or false.');
  if (source.length > SOURCE_MAX || /\p{Cc}/u.test(source)) {
    throw new HttpError(400, 'BAD_USER_INPUT', `The parameter source has at most ${SOURCE_MAX} characters, without control characters.`);
  }
  const format = request.headers['content-type']?.toLowerCase().startsWith(CSV) ? 'csv' : 'ndjson';
  return { format, dryRun: dryRun === 'true', source };
}

/** The bytes, for as long as the token is taken. */
async function* admitted(body: AsyncIterable<Uint8Array>, gate: Gate, exchange: Exchange): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    await gate.readmit(exchange);
    yield chunk;
  }
}

/** Read to its end first: who still sends when the connection closes never sees the answer. */
async function refusedWhole(error: unknown, { request }: Exchange): Promise<never> {
  if (!(error instanceof InvalidInputError)) throw error;
  await finished(request.resume());
  throw new HttpError(400, 'BAD_USER_INPUT', error.message);
}
