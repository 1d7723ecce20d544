import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpError } from './http-error.ts';
import { untilSent } from './linger.ts';

/** One request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Without the query string. */
  readonly path: string;
  readonly requestId: string;
}

export interface Route {
  readonly methods: readonly string[];
  /** A part that begins with a colon stands for any: `/things/:id`. */
  readonly path: string;
  handle(exchange: Exchange): Promise<void> | void;
  /** In place of the shape of errors that other routes have. */
  readonly sendError?: (response: ServerResponse, error: HttpError) => void;
  /** Asked every few seconds by a machine: logged for those who look for a cause only. */
  readonly quiet?: boolean;
}

export function sendText(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** bigint ids are written as text. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  sendText(response, status, 'application/json; charset=utf-8', toJson(body));
}

export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part));

/** The shape of errors everywhere but on /graphql. */
export function sendError(response: ServerResponse, error: HttpError): void {
  refuse(response, error, 'application/json', { error: { code: error.code, message: error.message } });
}

/** The shape of errors on /graphql. */
export function sendGraphQLError(response: ServerResponse, error: HttpError): void {
  const type = acceptsGraphQLResponse(response.req) ? 'application/graphql-response+json' : 'application/json';
  refuse(response, error, type, { errors: [{ message: error.message, extensions: { code: error.code } }] });
}

function refuse(response: ServerResponse, error: HttpError, type: string, answer: unknown): void {
  for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
  const body = toJson(answer);
  if (response.req.complete) {
    sendText(response, error.status, `${type}; charset=utf-8`, body);
    return;
  }
  response.writeHead(error.status, { 'Content-Type': `${type}; charset=utf-8`, 'Content-Length': Buffer.byteLength(body) });
  response.write(body);
  void untilSent(response.req).then(() => response.end());
}

const acceptsGraphQLResponse = (request: IncomingMessage): boolean =>
  request.headers.accept?.includes('application/graphql-response+json') === true;
