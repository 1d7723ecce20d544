import { EventEmitter } from 'node:events';
import pg from 'pg';
import type { FeedHints, Ledger } from './database.ts';
import { LEDGERS } from './database.ts';

/** At most one hint a ledger in this time: NOTIFY takes a lock that all commits of the cluster share. */
const QUIET_MS = 20;
const RECONNECT_MS = 1_000;
const CHANNEL = 'lazaret_feed';

/** In one process the hint is an event. */
export function openEmbeddedHints(): FeedHints {
  const events = new EventEmitter().setMaxListeners(0);
  const pending = new Set<Ledger>();
  return {
    notify: (ledger) => {
      if (pending.has(ledger)) return;
      pending.add(ledger);
      setImmediate(() => {
        pending.delete(ledger);
        events.emit('hint', ledger);
      });
    },
    listen: (listener) => {
      events.on('hint', listener);
      return () => events.off('hint', listener);
    },
  };
}

/**
 * Between nodes the hint is NOTIFY, on a connection of its own and after the commit. The connection is opened with the first use and
 * opened again when it breaks; what is missed meanwhile the poll finds.
 */
export function openServerHints(url: string): FeedHints & { close(): Promise<void> } {
  const local = openEmbeddedHints();
  const waiting = new Set<Ledger>();
  let client: pg.Client | undefined;
  let connecting = false;
  let listeners = 0;
  let closed = false;
  let flush: NodeJS.Timeout | undefined;
  let reconnect: NodeJS.Timeout | undefined;

  const drop = () => {
    client?.removeAllListeners('end');
    void client?.end().catch(() => undefined);
    client = undefined;
    if (closed || listeners === 0 || reconnect) return;
    reconnect = setTimeout(() => {
      reconnect = undefined;
      void connect();
    }, RECONNECT_MS).unref();
  };

  const connect = async () => {
    if (client || connecting || closed) return;
    connecting = true;
    const next = new pg.Client({ connectionString: url, application_name: 'lazaret feed hints', keepAlive: true });
    next.on('error', drop);
    next.on('end', drop);
    next.on('notification', ({ payload }) => {
      for (const ledger of LEDGERS) if (payload?.split(',').includes(ledger)) local.notify(ledger);
    });
    try {
      await next.connect();
      await next.query(`LISTEN ${CHANNEL}`);
      if (closed) await next.end();
      else client = next;
    } catch {
      drop();
    } finally {
      connecting = false;
    }
  };

  /** One statement at a time: what is asked for meanwhile goes with the next. */
  const send = async () => {
    await connect();
    const ledgers = [...waiting].join(',');
    waiting.clear();
    await client?.query('SELECT pg_notify($1, $2)', [CHANNEL, ledgers]).catch(drop);
    flush = undefined;
    if (waiting.size > 0) plan();
  };

  const plan = () => {
    if (!closed) flush ??= setTimeout(() => void send(), QUIET_MS).unref();
  };

  return {
    notify: (ledger) => {
      local.notify(ledger);
      waiting.add(ledger);
      plan();
    },
    listen: (listener) => {
      listeners += 1;
      void connect();
      const stop = local.listen(listener);
      return () => {
        listeners -= 1;
        stop();
      };
    },
    close: async () => {
      closed = true;
      clearTimeout(flush);
      clearTimeout(reconnect);
      client?.removeAllListeners('end');
      await client?.end().catch(() => undefined);
    },
  };
}
