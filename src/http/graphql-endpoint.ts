import type { IncomingMessage } from 'node:http';
import type { Feed } from '../live/feed.ts';
import type { Instance } from '../operations/instance.ts';
import { presentedSecret } from './credentials.ts';
import { type Exchange, type Route, sendGraphQLError } from './exchange.ts';
import type { Gate } from './gate.ts';
import { sendGraphiQLPage } from './graphiql.ts';
import { BATCH_MAX, type GraphQLEngine } from './graphql-engine.ts';
import { HttpError } from './http-error.ts';
import { decodeUtf8, readBody, requireContentType } from './read-body.ts';
import type { TokenWatch } from './token-watch.ts';

/** Also of one WebSocket message. */
export const GRAPHQL_BODY_MAX = 2 * 1024 * 1024;

export interface GraphQLDoor {
  readonly instance: Instance;
  readonly feed: Feed;
  readonly engine: GraphQLEngine;
  readonly gate: Gate;
  readonly tokens: TokenWatch;
}

/** POST and GET /graphql: queries, mutations, and subscriptions over server-sent events. A browser that opens it gets GraphiQL. */
export function graphqlRoute(door: GraphQLDoor): Route {
  return {
    methods: ['GET', 'POST'],
    path: '/graphql',
    sendError: sendGraphQLError,
    handle: async (exchange) => {
      if (isBrowserVisit(exchange.request)) sendGraphiQLPage(exchange.response);
      else await answer(door, exchange);
    },
  };
}

async function answer({ instance, feed, engine, gate, tokens }: GraphQLDoor, exchange: Exchange): Promise<void> {
  const { request, response, requestId } = exchange;
  const caller = await gate.admit(exchange);
  if (request.method === 'POST') await readOperations(request);
  if (isEventStream(request)) {
    const secret = presentedSecret(request, gate.publicUrl) ?? '';
    response.once(
      'close',
      tokens.watch(secret, () => response.destroy()),
    );
  }
  await engine.yoga(request, response, { instance, feed, caller, requestId });
}

/** Reads and checks the body here; yoga takes a body that was read already from `request.body`. */
async function readOperations(request: IncomingMessage & { body?: unknown }): Promise<void> {
  requireContentType(request, 'application/json');
  const body = parseJson(decodeUtf8(await readBody(request, GRAPHQL_BODY_MAX)));
  const operations = Array.isArray(body) ? body : [body];
  if (operations.length === 0) throw new HttpError(400, 'BAD_USER_INPUT', 'The batch is empty.');
  if (operations.length > BATCH_MAX) throw new HttpError(400, 'TOO_COMPLEX', `A batch has at most ${BATCH_MAX} operations.`);
  for (const operation of operations) requireOperation(operation);
  request.body = body;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpError(400, 'BAD_USER_INPUT', 'The body is not valid JSON.');
  }
}

function requireOperation(operation: unknown): void {
  const isObject = operation instanceof Object && !Array.isArray(operation);
  if (!isObject || typeof (operation as { query?: unknown }).query !== 'string') {
    throw new HttpError(400, 'BAD_USER_INPUT', 'An operation is a JSON object with the text of the operation in "query".');
  }
}

const isEventStream = (request: IncomingMessage): boolean => request.headers.accept?.includes('text/event-stream') === true;

const isBrowserVisit = (request: IncomingMessage): boolean =>
  request.method === 'GET' && !request.url?.includes('query=') && request.headers.accept?.includes('text/html') === true;
