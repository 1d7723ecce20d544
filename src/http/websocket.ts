import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ExecutionArgs, type ExecutionResult, type FormattedExecutionResult, GraphQLError } from 'graphql';
import { type Context, handleProtocols, makeServer, type WebSocket as ProtocolSocket, type SubscribePayload } from 'graphql-ws';
import type { Gauge } from 'prom-client';
import { type WebSocket, WebSocketServer } from 'ws';
import type { GraphQLContext } from '../graphql/context.ts';
import type { Receiver } from '../live/broadcast.ts';
import type { Feed } from '../live/feed.ts';
import type { Bearer } from '../operations/authenticate.ts';
import type { Instance } from '../operations/instance.ts';
import { bearerSecret, cookieSecret } from './credentials.ts';
import type { Gate } from './gate.ts';
import { checkCost, type Operation } from './graphql-cost.ts';
import { GRAPHQL_BODY_MAX } from './graphql-endpoint.ts';
import type { GraphQLEngine } from './graphql-engine.ts';
import type { ErrorPresenter } from './graphql-errors.ts';
import { rateLimitMessage } from './rate-limit.ts';
import { isSameOrigin } from './same-origin.ts';
import { SharedSubscriptions } from './shared-subscriptions.ts';
import { textFrames } from './text-frames.ts';
import type { TokenWatch } from './token-watch.ts';

/** Operations that run at the same time on one socket. */
export const OPERATIONS_MAX = 100;
/** A client that answers no ping is gone; its operations hold memory. */
const PING_MS = 12_000;
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const FORBIDDEN = 4403;
const LAST_WORDS_MS = 1_000;
/** A slow client is given more when no more than this is left of what it was sent. */
const LOW_WATER_BYTES = 128 * 1024;
const SLOW_LOOK_MS = 25;
const END_OF_MESSAGE = Buffer.from('}');

export interface WebSocketOptions {
  readonly instance: Instance;
  readonly feed: Feed;
  readonly engine: GraphQLEngine;
  readonly gate: Gate;
  readonly tokens: TokenWatch;
  readonly sockets: Gauge;
  readonly isEnding: () => boolean;
}

export interface WebSockets {
  /** Says 1001 to all and cuts whoever does not answer. */
  close(): Promise<void>;
}

interface Extra extends Record<PropertyKey, unknown> {
  readonly request: IncomingMessage;
  readonly socket: WebSocket;
  secret?: string;
  unwatch?: () => void;
}

type SocketContext = Context<Record<string, unknown> | undefined, Extra>;
type Enveloped = ReturnType<GraphQLEngine['yoga']['getEnveloped']>;

/** The same operations as over HTTP, with the same limits, by graphql-transport-ws. */
export function attachWebSockets(server: Server, options: WebSocketOptions): WebSockets {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: GRAPHQL_BODY_MAX, handleProtocols });
  const { presenter } = options.engine;
  const shared = new SharedSubscriptions(
    (result, requestId) => formatResult(result, requestId, presenter),
    (bytes) => options.feed.countBytes(bytes),
  );
  const protocol = makeServer<Record<string, unknown> | undefined, Extra>({
    onConnect: (context) => connect(options, context),
    onSubscribe: (context, id, payload) => prepareOperation(options, context, id, payload),
    execute: (args) => rootOf(args).enveloped.execute(withoutRoot(args)),
    subscribe: (args) => subscribeShared(shared, args),
    onNext: (_context, _id, _payload, args, result) => formatResult(result, requestIdOf(args), presenter),
    onError: (_context, _id, _payload, errors) => presenter.format(errors, randomUUID()),
    onClose: ({ extra }) => extra.unwatch?.(),
  });
  server.on('upgrade', (request, stream, head) => {
    const refusal = refuseUpgrade(options, request);
    if (refusal) return refuse(stream, refusal);
    sockets.handleUpgrade(request, stream, head, (socket) => open(options, protocol, socket, request));
  });
  return { close: () => closeAll(sockets) };
}

function refuseUpgrade({ gate, isEnding }: WebSocketOptions, request: IncomingMessage): string | null {
  if (request.url?.split('?', 1)[0] !== '/graphql') return '404 Not Found';
  if (!isSameOrigin(request, gate.publicUrl)) return '403 Forbidden';
  return isEnding() ? '503 Service Unavailable' : null;
}

function refuse(stream: Duplex, status: string): void {
  stream.on('error', () => undefined);
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function open(
  options: WebSocketOptions,
  protocol: ReturnType<typeof makeServer<Record<string, unknown> | undefined, Extra>>,
  socket: WebSocket,
  request: IncomingMessage,
): void {
  const { log } = options.instance;
  options.sockets.inc();
  const stopPings = keepAlive(socket);
  const closed = protocol.opened(protocolSocket(options, socket), { request, socket });
  // A frame that is too long or no UTF-8: ws closes the socket with the code for it.
  socket.on('error', (error) => log.debug({ err: error }, 'a WebSocket broke'));
  socket.once('close', (code, reason) => {
    stopPings();
    options.sockets.dec();
    closed(code, String(reason)).catch((error: unknown) => log.error({ err: error }, 'the operations of a WebSocket did not end well'));
  });
}

function protocolSocket({ instance }: WebSocketOptions, socket: WebSocket): ProtocolSocket {
  return {
    protocol: socket.protocol,
    send: (data) => new Promise((resolve) => (socket.readyState === socket.OPEN ? socket.send(data, () => resolve()) : resolve())),
    close: (code, reason) => socket.close(code, reason),
    onMessage: (take) =>
      socket.on('message', (data) => {
        take(String(data)).catch((error: unknown) => {
          instance.log.error({ err: error }, 'a WebSocket message failed');
          socket.close(4500, 'Internal server error');
        });
      }),
  };
}

function keepAlive(socket: WebSocket): () => void {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, PING_MS);
  return () => clearInterval(timer);
}

/** Who opens a socket must show a token at once; when it ends, so does the socket. */
async function connect({ gate, tokens }: WebSocketOptions, { connectionParams, extra }: SocketContext): Promise<boolean> {
  const secret = bearerSecret(connectionParams?.authorization) ?? cookieSecret(extra.request, gate.publicUrl);
  if (secret === null || !(await gate.authenticator.authenticate(secret))) return false;
  extra.secret = secret;
  if (extra.socket.readyState !== extra.socket.OPEN) return false;
  extra.unwatch = tokens.watch(secret, (why) =>
    why === 'TOKEN_ENDED'
      ? extra.socket.close(FORBIDDEN, 'The token was revoked or has expired')
      : extra.socket.close(GOING_AWAY, 'The server is ending'),
  );
  return true;
}

async function prepareOperation(
  options: WebSocketOptions,
  { extra, subscriptions }: SocketContext,
  id: string,
  payload: SubscribePayload,
): Promise<ExecutionArgs | GraphQLError[]> {
  const { instance, feed, engine, gate } = options;
  const requestId = randomUUID();
  try {
    if (Object.keys(subscriptions).length > OPERATIONS_MAX) {
      extra.socket.close(POLICY_VIOLATION, `A socket has at most ${OPERATIONS_MAX} operations at a time`);
      return [new GraphQLError('Too many operations.', { extensions: { code: 'RATE_LIMITED' } })];
    }
    const caller = await gate.authenticator.authenticate(extra.secret ?? '');
    if (!caller) {
      extra.socket.close(FORBIDDEN, 'The token was revoked or has expired');
      return [new GraphQLError('The token was revoked or has expired.', { extensions: { code: 'UNAUTHENTICATED' } })];
    }
    const refusal = refuseByRate(gate, caller);
    if (refusal) return [refusal];
    return await operationArgs(engine, { instance, feed, caller, requestId }, payload, socketReceiver(extra, id));
  } catch (error) {
    return engine.presenter.present([error], requestId);
  }
}

function refuseByRate({ limiter }: Gate, caller: Bearer): GraphQLError | null {
  const allowance = limiter.take(caller.tokenId);
  if (!allowance?.exceeded) return null;
  return new GraphQLError(rateLimitMessage(allowance), { extensions: { code: 'RATE_LIMITED', retryAfterSeconds: allowance.resetSeconds } });
}

async function operationArgs(
  engine: GraphQLEngine,
  context: GraphQLContext,
  payload: SubscribePayload,
  receiver: Receiver,
): Promise<ExecutionArgs | GraphQLError[]> {
  const enveloped = engine.yoga.getEnveloped({ ...context, params: payload });
  const document = enveloped.parse(payload.query);
  const errors = enveloped.validate(enveloped.schema, document) as readonly GraphQLError[];
  if (errors.length > 0) return engine.presenter.present(errors, context.requestId);
  return {
    schema: enveloped.schema,
    document,
    operationName: payload.operationName ?? null,
    variableValues: payload.variables ?? null,
    contextValue: await enveloped.contextFactory(),
    rootValue: { enveloped, source: payload.query, receiver } satisfies Root,
  };
}

/** What belongs to one operation travels with it as its root value, and no further. */
interface Root {
  readonly enveloped: Enveloped;
  /** Text of the operation. */
  readonly source: string;
  readonly receiver: Receiver;
}

type Result = { readonly errors?: readonly GraphQLError[] | undefined; readonly data?: Record<string, unknown> | null | undefined };

function formatResult({ errors, data }: Result, requestId: string, presenter: ErrorPresenter): FormattedExecutionResult {
  return errors ? { data: data ?? null, errors: presenter.format(errors, requestId) } : { data: data ?? null };
}

const rootOf = (args: ExecutionArgs): Root => args.rootValue as Root;

function subscribeShared(shared: SharedSubscriptions, args: ExecutionArgs): ReturnType<SharedSubscriptions['subscribe']> | ExecutionResult {
  const error = checkCost(args as Operation);
  if (error) return { errors: [error] };
  const { source, receiver } = rootOf(args);
  return shared.subscribe(withoutRoot(args), source, receiver);
}

/**
 * Writes a client's updates past the protocol's own serialisation, since they differ between clients by the id alone, and all that are
 * due in one piece. The frames of ws never interleave with these: it writes each of its own at once, as nothing is compressed.
 */
function socketReceiver({ socket, request }: Extra, id: string): Receiver {
  const head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
  return {
    send: (payloads) => {
      if (socket.readyState === socket.OPEN) request.socket.write(textFrames(head, payloads, END_OF_MESSAGE));
    },
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    drained: () => drained(socket),
  };
}

/** A slow client is looked at again and again: ws tells no moment at which it has taken what it was sent. */
async function drained(socket: WebSocket): Promise<void> {
  while (socket.readyState === socket.OPEN && socket.bufferedAmount > LOW_WATER_BYTES) {
    await new Promise((resolve) => setTimeout(resolve, SLOW_LOOK_MS).unref());
  }
}
const withoutRoot = ({ rootValue: _, ...args }: ExecutionArgs): ExecutionArgs => args;
const requestIdOf = (args: ExecutionArgs): string => (args.contextValue as GraphQLContext).requestId;

async function closeAll(sockets: WebSocketServer): Promise<void> {
  const open = [...sockets.clients];
  const ends = open.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())));
  for (const socket of open) socket.close(GOING_AWAY, 'The server is ending');
  const timer = setTimeout(() => open.forEach((socket) => void socket.terminate()), LAST_WORDS_MS);
  await Promise.all(ends);
  clearTimeout(timer);
  sockets.close();
}
