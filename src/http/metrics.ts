import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { countOpen } from '../domain/incident/hold-quarantine.ts';
import { ALERT_KINDS, type AlertKind } from '../domain/vocabulary.ts';
import type { Feed } from '../live/feed.ts';
import type { HorizonMonitor } from '../live/horizon-monitor.ts';
import type { Instance } from '../operations/instance.ts';
import type { Exchange, Route } from './exchange.ts';
import { sendText } from './exchange.ts';
import type { Gate } from './gate.ts';

export interface Metrics {
  readonly registry: Registry;
  observe(exchange: Exchange, status: number, seconds: number): void;
  readonly sockets: Gauge;
}

interface MetricsOptions {
  readonly instance: Instance;
  readonly paths: ReadonlySet<string>;
  readonly horizon: HorizonMonitor;
  readonly feed: Feed;
  readonly openAlerts: () => Promise<ReadonlyMap<AlertKind, number>>;
}

/** The figures of this process, in a registry of its own: a test opens many servers. */
export function openMetrics({ instance, paths, horizon, feed, openAlerts }: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Gauge({
    name: 'feed_horizon_age_seconds',
    help: 'For how long the same open transaction has held back the feed, and which.',
    labelNames: ['blocker'],
    registers,
    collect() {
      this.reset();
      this.set({ blocker: horizon.state.blocker ?? '' }, horizon.state.ageSeconds);
    },
  });
  new Gauge({
    name: 'lazaret_feed_subscribers',
    help: 'Subscriptions to a ledger.',
    labelNames: ['ledger'],
    registers,
    collect() {
      for (const [ledger, count] of Object.entries(feed.counts().subscribers)) this.set({ ledger }, count);
    },
  });
  new Gauge({
    name: 'lazaret_feed_lag_seconds',
    help: 'From the writing of a line of a ledger to its reading by this node, of the last one read.',
    labelNames: ['ledger'],
    registers,
    collect() {
      for (const [ledger, seconds] of Object.entries(feed.counts().lag)) this.set({ ledger }, seconds);
    },
  });
  new Gauge({
    name: 'lazaret_feed_catch_ups',
    help: 'Subscriptions that read back from the database now.',
    registers,
    collect() {
      this.set(feed.counts().catchUps);
    },
  });
  new Gauge({
    name: 'lazaret_incidents_open',
    help: 'Incidents that are open: kinds of failures at receiving domains whose quarantines are held back. NaN = the database does not answer.',
    registers,
    async collect() {
      this.set(
        await instance.openIncidents().then(
          (incidents) => countOpen(incidents),
          () => Number.NaN,
        ),
      );
    },
  });
  countingUp(
    registry,
    'lazaret_feed_catch_ups_total',
    'Subscriptions that have read back from the database.',
    () => feed.counts().catchUpsTotal,
  );
  countingUp(registry, 'lazaret_feed_bytes_out_total', 'Bytes of updates handed to WebSockets.', () => feed.counts().bytesOut);
  new Gauge({
    name: 'lazaret_alerts_open',
    help: 'Alerts that nobody has acknowledged; the same on every node. Absent while the database cannot be read.',
    labelNames: ['kind'],
    registers,
    async collect() {
      this.reset();
      const open = await openAlerts().catch(() => null);
      for (const kind of open === null ? [] : ALERT_KINDS) this.set({ kind }, open?.get(kind) ?? 0);
    },
  });
  const duration = new Histogram({
    name: 'lazaret_http_request_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['method', 'path', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  return {
    registry,
    // A path that nobody serves is no label: whoever asks for many of them would fill the memory.
    observe: ({ request, path }, status, seconds) =>
      duration.observe({ method: knownMethod(request.method), path: paths.has(path) ? path : 'other', status: String(status) }, seconds),
    sockets: new Gauge({ name: 'lazaret_websockets', help: 'Open WebSockets.', registers }),
  };
}

/** A counter that is kept elsewhere. */
function countingUp(registry: Registry, name: string, help: string, read: () => number): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']);
const knownMethod = (method = ''): string => (METHODS.has(method) ? method : 'other');

export function metricsRoute(metrics: Metrics, gate: Gate): Route {
  return {
    methods: ['GET'],
    path: '/metrics',
    quiet: true,
    handle: async (exchange) => {
      await gate.admit(exchange, 'metrics:read');
      sendText(exchange.response, 200, metrics.registry.contentType, await metrics.registry.metrics());
    },
  };
}
