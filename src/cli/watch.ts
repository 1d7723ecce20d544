import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { readConfig } from '../config.ts';
import { readLock } from '../store/data-directory.ts';
import { CommandError, EXIT } from './command-error.ts';

/** The wait before the n-th try to connect again. */
const RETRY_MS = [250, 1_000, 2_000, 5_000];

export interface WatchOptions {
  /** JSON of the subscription's filter. */
  readonly filter?: string;
  /** Cursor to go on from. */
  readonly after?: string;
  readonly url?: string;
  readonly json?: boolean;
}

interface Feed {
  readonly field: string;
  readonly filterType: string;
  readonly selection: string;
  /** One line for a person. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape is that of `selection` just above it
  line(update: any): string;
}

const FEEDS: Record<string, Feed> = {
  'delivery-logs': {
    field: 'deliveryLogUpdated',
    filterType: 'DeliveryLogFilter',
    selection:
      'cursor status failureType failureReason version occurredAt deliveryLog { id address channel rawText quarantined delivery { label } }',
    line: ({ occurredAt, status, failureType, failureReason, deliveryLog: log }) =>
      columns([occurredAt, log.address, status, [failureType, failureReason].filter(Boolean).join('/'), log.delivery?.label, log.rawText]),
  },
  'exclusion-logs': {
    field: 'exclusionLogAdded',
    filterType: 'ExclusionLogFilter',
    selection: 'cursor exclusionLog { id address channel reason text scope createdAt delivery { label } }',
    line: ({ exclusionLog: log }) =>
      columns([log.createdAt, log.address ?? '(no address)', log.reason, log.scope, log.delivery?.label, log.text]),
  },
  incidents: {
    field: 'incidentUpdated',
    filterType: 'IncidentFilter',
    selection: 'cursor kind state share hitCount heldCount actor occurredAt incident { id channel place domain reason openedAt }',
    line: ({ occurredAt, kind, share, hitCount, heldCount, actor, incident }) =>
      columns([
        occurredAt,
        kind,
        incident.place,
        incident.reason,
        `${(share * 100).toFixed(1)} %`,
        `${hitCount} hit, ${heldCount} held`,
        actor,
      ]),
  },
  quarantine: {
    field: 'quarantineUpdated',
    filterType: 'QuarantineFilter',
    selection: 'cursor event { id address channel previousStatus status reason fault errorCount decidedBy actor text version occurredAt }',
    line: ({ event }) =>
      columns([
        event.occurredAt,
        event.address,
        `${event.previousStatus ?? 'none'} -> ${event.status ?? 'deleted'}`,
        event.reason,
        event.decidedBy ?? event.actor,
        event.text,
      ]),
  },
  alerts: {
    field: 'alertRaised',
    filterType: 'AlertFilter',
    selection: 'cursor alert { id kind text raisedAt acknowledgedAt }',
    line: ({ alert }) => columns([alert.raisedAt, alert.kind, alert.text]),
  },
};

export const WATCHED = Object.keys(FEEDS);

const columns = (parts: readonly (string | null | undefined)[]): string => parts.map((part) => part || '-').join('  ');

/**
 * `lazaret watch`: prints updates as they happen, and goes on after its last one when the connection was lost. Ends when the server
 * refuses the subscription.
 */
export async function runWatch(ledger: string, options: WatchOptions): Promise<void> {
  const feed = FEEDS[ledger];
  if (!feed) throw new CommandError(EXIT.usage, `there is no feed ${JSON.stringify(ledger)}: one of ${WATCHED.join(', ')}`);
  const filter = parseFilter(options.filter);
  let after = options.after ?? null;
  for (let failures = 0; ; ) {
    const server = await findServer(options.url).catch((error: unknown) => {
      if (failures === 0) throw error;
      return null;
    });
    const ended =
      server &&
      (await follow(server, feed, { filter, after }, (update, cursor) => {
        failures = 0;
        after = cursor;
        process.stdout.write(`${options.json ? JSON.stringify(update) : feed.line(update)}\n`);
      }));
    if (ended?.refusal !== undefined) throw new CommandError(EXIT.refused, ended.refusal);
    failures += 1;
    if (ended?.neverConnected && failures === 1) {
      throw new CommandError(EXIT.unreachable, `no server answers at ${server?.url}; name one with --url or LAZARET_URL`);
    }
    process.stderr.write(`lazaret: the connection was lost; connecting again${after === null ? '' : ` after ${after}`}\n`);
    await pause(RETRY_MS[Math.min(failures - 1, RETRY_MS.length - 1)]);
  }
}

function parseFilter(text: string | undefined): object | null {
  if (text === undefined) return null;
  try {
    const filter: unknown = JSON.parse(text);
    if (filter instanceof Object && !Array.isArray(filter)) return filter;
  } catch {
    // Said below.
  }
  throw new CommandError(EXIT.usage, `--filter takes a JSON object, such as '{"status":["QUARANTINE"]}'`);
}

interface Server {
  readonly url: string;
  readonly token: string;
}

/** The one that is named, or that runs on the data directory, or that would listen here by the configuration. */
async function findServer(given: string | undefined): Promise<Server> {
  const { host, port, dataDir, databaseUrl } = readConfig(process.env);
  const url = given ?? process.env.LAZARET_URL;
  const token = process.env.LAZARET_TOKEN ?? process.env.LAZARET_ADMIN_TOKEN;
  const lock = url === undefined && databaseUrl === undefined ? await readLock(dataDir) : null;
  if (lock?.url && lock.secret) return { url: lock.url, token: lock.secret };
  if (token === undefined) throw new CommandError(EXIT.usage, 'set LAZARET_TOKEN to a token that may read this feed');
  return { url: url ?? `http://${host}:${port}`, token };
}

interface End {
  readonly refusal?: string;
  readonly neverConnected: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: updates have the shape of the feed's selection
type Take = (update: any, cursor: string) => void;

function follow(server: Server, feed: Feed, variables: { filter: object | null; after: string | null }, take: Take): Promise<End> {
  const query = `subscription ($filter: ${feed.filterType}, $after: String) { ${feed.field}(filter: $filter, after: $after) { ${feed.selection} } }`;
  let connected = false;
  const client = createClient({
    url: `${server.url.replace(/^http/, 'ws').replace(/\/$/, '')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    keepAlive: 10_000,
    connectionParams: { authorization: `Bearer ${server.token}` },
    on: {
      connected: () => {
        connected = true;
      },
    },
  });
  return new Promise<End>((resolve) => {
    client.subscribe<Record<string, { cursor: string }>>(
      { query, variables },
      {
        next: ({ data, errors }) => {
          const update = data?.[feed.field];
          if (update) take(update, update.cursor);
          else if (errors) resolve({ ...refusalIn(errors), neverConnected: false });
        },
        error: (error) => resolve({ ...refusalIn(error), neverConnected: !connected }),
        complete: () => resolve({ neverConnected: !connected }),
      },
    );
  }).finally(() => void client.dispose());
}

/** Errors that pass by themselves: what is asked again a little later, after the last cursor, may well be answered. */
const PASSING = new Set(['INTERNAL_SERVER_ERROR', 'RATE_LIMITED']);

/** GraphQL errors are an answer unless they pass; so is 4403. Anything else is a connection that broke. */
function refusalIn(error: unknown): { refusal?: string } {
  if (Array.isArray(error)) {
    const errors = error as readonly { message: string; extensions?: { code?: unknown } }[];
    const lasting = errors.filter(({ extensions }) => !PASSING.has(String(extensions?.code)));
    return lasting.length === 0 ? {} : { refusal: lasting.map(({ message }) => message).join('; ') };
  }
  const { code, reason } = error as { code?: number; reason?: string };
  return code === 4403 ? { refusal: reason || 'the token was refused' } : {};
}
