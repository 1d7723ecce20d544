import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GraphQLSchema } from 'graphql';
import type { Feed } from '../live/feed.ts';
import type { HorizonMonitor } from '../live/horizon-monitor.ts';
import type { Authenticator } from '../operations/authenticate.ts';
import { countOpenAlerts } from '../operations/count-open-alerts.ts';
import type { Instance } from '../operations/instance.ts';
import { openGate } from './gate.ts';
import { graphiqlRoutes } from './graphiql.ts';
import { graphqlRoute } from './graphql-endpoint.ts';
import { openGraphQLEngine } from './graphql-engine.ts';
import { healthRoutes } from './health-routes.ts';
import { homePage } from './home-page.ts';
import { createHttpServer } from './http-server.ts';
import { importRoutes } from './import-routes.ts';
import { ingestEventsRoute } from './ingest-events.ts';
import { ingestMessageRoute } from './ingest-message.ts';
import { metricsRoute, openMetrics } from './metrics.ts';
import { privacyFileRoute } from './privacy-file.ts';
import { openRateLimiter } from './rate-limit.ts';
import { sessionRoute } from './session-route.ts';
import { openTokenWatch } from './token-watch.ts';
import { attachWebSockets } from './websocket.ts';

export interface ServerOptions {
  readonly instance: Instance;
  readonly authenticator: Authenticator;
  readonly feed: Feed;
  readonly horizon: HorizonMonitor;
  readonly schema: GraphQLSchema;
  readonly host: string;
  /** 0 = any that is free. */
  readonly port: number;
  readonly publicUrl: string | undefined;
  readonly introspection: boolean;
  readonly rateLimit: number;
  /** A worker serves health and figures only. */
  readonly api: boolean;
}

export interface RunningServer {
  /** For this machine: http://127.0.0.1:4000 */
  readonly url: string;
  /** Takes no new work, lets what was accepted end, then cuts what is left. */
  close(patienceMs: number): Promise<void>;
}

/** Opens the doors: HTTP and WebSocket. */
export async function openServer(options: ServerOptions): Promise<RunningServer> {
  const { instance, authenticator, feed, horizon, publicUrl } = options;
  let ending = false;
  const gate = openGate({ authenticator, publicUrl, limiter: openRateLimiter(options.rateLimit) });
  const tokens = openTokenWatch(authenticator, instance.log);
  const engine = openGraphQLEngine({ schema: options.schema, introspection: options.introspection, log: instance.log });
  const api = options.api
    ? [
        graphqlRoute({ instance, feed, engine, gate, tokens }),
        ...graphiqlRoutes(),
        ingestMessageRoute(instance, gate),
        ingestEventsRoute(instance, gate),
        ...importRoutes(instance, gate),
        privacyFileRoute(instance, gate),
        sessionRoute(gate),
        homePage(),
      ]
    : [];
  const open = [...healthRoutes(instance, horizon, () => ending), ...api];
  const metrics = openMetrics({
    instance,
    paths: new Set(['/metrics', ...open.map((route) => route.path)]),
    horizon,
    feed,
    openAlerts: () => countOpenAlerts(instance),
  });
  const server = createHttpServer({
    routes: [...open, metricsRoute(metrics, gate)],
    log: instance.log,
    https: publicUrl?.startsWith('https:') === true,
    observe: metrics.observe,
  });
  const sockets = options.api
    ? attachWebSockets(server, { instance, feed, engine, gate, tokens, sockets: metrics.sockets, isEnding: () => ending })
    : null;
  await listen(server, options.port, options.host);
  return {
    url: urlOf(server),
    close: async (patienceMs) => {
      ending = true;
      tokens.close();
      await Promise.all([closeServer(server, patienceMs), sockets?.close()]);
      await engine.yoga.dispose();
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** What listens on every interface is reached on this machine by loopback. */
function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  if (address === '0.0.0.0' || address === '::') return `http://127.0.0.1:${port}`;
  return family === 'IPv6' ? `http://[${address}]:${port}` : `http://${address}:${port}`;
}

async function closeServer(server: Server, patienceMs: number): Promise<void> {
  // A connection that is kept alive would bring further requests.
  server.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'));
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), patienceMs);
  await closed;
  clearTimeout(timer);
}
