import { randomBytes } from 'node:crypto';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { openServer, type RunningServer, type ServerOptions } from './http/server.ts';
import { type Job, startJobs } from './jobs/jobs.ts';
import { JOBS } from './jobs/registry.ts';
import { Feed } from './live/feed.ts';
import { HorizonMonitor } from './live/horizon-monitor.ts';
import { openAuthenticator } from './operations/authenticate.ts';
import { endBackgroundWork } from './operations/background-work.ts';
import { makeFirstToken } from './operations/first-token.ts';
import type { Instance } from './operations/instance.ts';
import { openInstance } from './operations/open-instance.ts';
import { openLog } from './operations/open-log.ts';
import { TOKEN_MARK } from './operations/token-secret.ts';
import { migrate } from './store/migrate.ts';
import { type OpenDatabase, openDatabase } from './store/open-database.ts';

/** What was accepted may take this long to end after the signal to stop. */
const CLOSE_PATIENCE_MS = 10_000;

export interface AppOptions {
  /** In place of the real one. */
  readonly schema?: GraphQLSchema;
  /** In place of the real ones. */
  readonly jobs?: readonly Job[];
  /** Told the first administrator's token, if one was made now. */
  readonly onFirstToken?: (secret: string) => void;
  readonly log?: Logger;
  readonly now?: () => Date;
  /** A migrated database that somebody else closes. */
  readonly database?: OpenDatabase;
}

export interface App {
  readonly instance: Instance;
  readonly url: string;
  /** Ends what was accepted, then closes the sockets, the jobs and the database. */
  close(): Promise<void>;
}

/**
 * Opens everything in its order: database, migrations, instance, first token, doors, jobs. What is open already is closed again where a
 * later step fails.
 */
export async function openApp(config: Config, options: AppOptions): Promise<App> {
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    const failures: unknown[] = [];
    for (let end = opened.pop(); end; end = opened.pop()) await end().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  try {
    const { instance, server } = await openAll(config, options, opened);
    return { instance, url: server.url, close };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}

/** Built while the database opens, which waits for other threads. A fault in it is told where the schema is used. */
function loadSchema(): Promise<GraphQLSchema> {
  const loading = import('./graphql/schema.ts').then(({ schema }) => schema);
  loading.catch(() => undefined);
  return loading;
}

async function openAll(
  config: Config,
  options: AppOptions,
  opened: (() => Promise<void>)[],
): Promise<{ instance: Instance; server: RunningServer }> {
  const schema = options.schema ?? loadSchema();
  const open = options.database ?? (await openDatabase(config));
  opened.push(open.close);
  const { database, directory } = open;
  if (!options.database) await migrate(database);
  const { addressCase, addressKey } = config;
  const log = options.log ?? openLog(config.logLevel);
  const instance = await openInstance({ database, addressCase, addressKey, log, ...(options.now ? { now: options.now } : {}) });
  const firstToken = await makeFirstToken(instance, config.adminToken);
  if (firstToken !== null) options.onFirstToken?.(firstToken);
  const localSecret = directory ? TOKEN_MARK + randomBytes(32).toString('base64url') : undefined;
  const authenticator = openAuthenticator(instance, localSecret);
  opened.push(authenticator.settle, () => endBackgroundWork(instance));
  const feed = new Feed(database, { onError: (error) => log.warn({ err: error }, 'the feed could not be read; it is tried again') });
  const horizon = watchHorizon(instance);
  opened.push(async () => horizon.close());
  const server = await openDoors(config, { instance, authenticator, feed, horizon, schema: await schema });
  if (config.role !== 'api') opened.push(startJobs(instance, options.jobs ?? JOBS).stop);
  opened.push(() => server.close(CLOSE_PATIENCE_MS));
  if (directory && localSecret !== undefined) await directory.announce({ url: server.url, secret: localSecret });
  return { instance, server };
}

function watchHorizon({ database, log }: Instance): HorizonMonitor {
  return new HorizonMonitor(database, {
    stalled: ({ ageSeconds, blocker }) => log.warn({ ageSeconds, blocker }, 'an open transaction holds back the feed'),
    resumed: (seconds) => log.info({ seconds }, 'the feed goes on'),
  });
}

type Inside = Pick<ServerOptions, 'instance' | 'authenticator' | 'feed' | 'horizon' | 'schema'>;

function openDoors(config: Config, inside: Inside): Promise<RunningServer> {
  const { host, port, publicUrl, introspection, rateLimit, role } = config;
  return openServer({
    ...inside,
    host,
    port,
    publicUrl,
    introspection,
    rateLimit,
    api: role !== 'worker',
  });
}
