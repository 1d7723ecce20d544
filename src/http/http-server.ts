import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { type Exchange, type Route, sendError } from './exchange.ts';
import { faultMessage } from './graphql-errors.ts';
import { HttpError } from './http-error.ts';
import { setSecurityHeaders } from './security-headers.ts';

/** Who sends a request's head slower than this is cut off: each holds a socket. Bodies have their own patience where they are read. */
const HEADERS_TIMEOUT_MS = 15_000;
const LOOK_FOR_LATE_MS = 5_000;
const KEEP_ALIVE_MS = 65_000;
const HEADERS_MAX_BYTES = 16 * 1024;

export interface HttpServerOptions {
  readonly routes: readonly Route[];
  readonly log: Logger;
  readonly https: boolean;
  /** Told how each request ended. */
  readonly observe?: (exchange: Exchange, status: number, seconds: number) => void;
}

/** node:http with the routes: request ids, security headers, errors as JSON, one line of log a request. */
export function createHttpServer(options: HttpServerOptions): Server {
  const routes = new Routes(options.routes);
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: LOOK_FOR_LATE_MS,
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEADERS_MAX_BYTES,
    },
    (request, response) => void serve(options, routes, request, response),
  );
  return server;
}

/** Routes by their paths. A part that begins with a colon stands for any. */
class Routes {
  readonly #exact: ReadonlyMap<string, Route>;
  readonly #patterns: readonly { readonly parts: readonly string[]; readonly route: Route }[];

  constructor(routes: readonly Route[]) {
    this.#exact = new Map(routes.map((route) => [route.path, route]));
    this.#patterns = routes.filter(({ path }) => path.includes('/:')).map((route) => ({ parts: route.path.split('/'), route }));
  }

  of(path: string): Route | undefined {
    const exact = this.#exact.get(path);
    if (exact) return exact;
    const given = path.split('/');
    return this.#patterns.find(
      ({ parts }) => parts.length === given.length && parts.every((part, place) => part.startsWith(':') || part === given[place]),
    )?.route;
  }
}

async function serve(options: HttpServerOptions, routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const exchange: Exchange = { request, response, path: pathOf(request), requestId: requestIdOf(request) };
  const route = routes.of(exchange.path);
  const startedAt = performance.now();
  response.once('close', () => {
    const seconds = (performance.now() - startedAt) / 1000;
    options.observe?.(route ? { ...exchange, path: route.path } : exchange, response.statusCode, seconds);
    const { requestId } = exchange;
    const line = { requestId, method: request.method, path: route?.path, status: response.statusCode, seconds };
    options.log[route?.quiet ? 'debug' : 'info'](line, 'request');
  });
  response.setHeader('X-Request-Id', exchange.requestId);
  setSecurityHeaders(response, options.https);
  try {
    if (!route) throw new HttpError(404, 'NOT_FOUND', 'There is nothing at this path.');
    requireMethod(route, request.method ?? '');
    await route.handle(exchange);
  } catch (error) {
    answerError(options.log, exchange, error, route?.sendError ?? sendError);
  }
}

function requireMethod({ methods }: Route, method: string): void {
  if (methods.includes(method) || (method === 'HEAD' && methods.includes('GET'))) return;
  const Allow = methods.join(', ');
  throw new HttpError(405, 'BAD_USER_INPUT', `This path takes ${Allow}.`, { Allow });
}

function answerError(log: Logger, { request, response, requestId }: Exchange, error: unknown, send: typeof sendError): void {
  if (response.headersSent || response.destroyed) {
    if (!(error instanceof HttpError)) log.error({ err: error, requestId }, 'a request failed while it was being answered');
    response.destroy();
    return;
  }
  // What is left of a body that nobody read would be taken for the next request.
  if (!request.complete) response.setHeader('Connection', 'close');
  if (error instanceof HttpError) {
    send(response, error);
  } else {
    log.error({ err: error, requestId }, 'a request failed');
    send(response, new HttpError(500, 'INTERNAL_SERVER_ERROR', faultMessage(requestId)));
  }
}

function pathOf(request: IncomingMessage): string {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** A proxy's own id, so that both logs speak of the same request; else a new one. */
function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w-]{8,64}$/.test(given) ? given : randomUUID();
}
