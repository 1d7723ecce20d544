import type { GraphQLSchema } from 'graphql';
import { type App, openApp } from '../../src/app.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { createToken } from '../../src/operations/create-token.ts';
import type { Instance } from '../../src/operations/instance.ts';
import { openLog } from '../../src/operations/open-log.ts';
import type { Scope } from '../../src/operations/scopes.ts';
import type { Database } from '../../src/store/database.ts';
import { testDatabase } from './test-database.ts';

/** Time stands still until a test moves it. */
export interface TestClock {
  now(): Date;
  set(date: Date | string): void;
  advance(ms: number): void;
}

export interface GraphQLAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers of the API are read by the test that knows their shape
  readonly data: any;
  readonly errors: readonly { message: string; path?: (string | number)[]; extensions: { code: string; requestId?: string } }[] | undefined;
}

export interface TestApp {
  readonly instance: Instance;
  readonly url: string;
  readonly clock: TestClock;
  readonly log: TestLog;
  /** Of an administrator. */
  readonly adminToken: string;
  /** Makes a token with these scopes. */
  token(...scopes: Scope[]): Promise<string>;
  /** Over HTTP. `token` null = none is sent; absent = the administrator's. */
  graphql(query: string, variables?: object, token?: string | null): Promise<GraphQLAnswer>;
  fetch(path: string, init?: RequestInit & { token?: string | null }): Promise<Response>;
  close(): Promise<void>;
}

/** The lines that the app logged. */
export interface TestLog {
  readonly lines: { level: number; msg: string; [key: string]: unknown }[];
}

let shared: Promise<TestApp> | undefined;

/** The app of this worker, on its database, shared by its files; jobs do not run: tests call them. */
export async function testApp(): Promise<TestApp> {
  shared ??= openTestApp(await testDatabase());
  return shared;
}

export interface TestAppOptions {
  readonly env?: Record<string, string>;
  /** In place of the real one. */
  readonly schema?: GraphQLSchema;
}

/** An app of a test's own; close it. Its database stays open: it belongs to the caller. */
export async function openTestApp(database: Database, { env = {}, schema }: TestAppOptions = {}): Promise<TestApp> {
  const clock = testClock();
  const log: TestLog = { lines: [] };
  const pino = openLog(env.LOG_LEVEL ?? 'info', { write: (line: string) => void log.lines.push(JSON.parse(line)) });
  const config: Config = { ...readConfig({ LAZARET_RATE_LIMIT: '0', ...env }), port: 0 };
  const app = await openApp(config, {
    ...(schema ? { schema } : {}),
    jobs: [],
    log: pino,
    now: clock.now,
    database: { database, directory: null, close: async () => undefined },
  });
  const adminToken = await token(app, 'admin');
  return withHelpers(app, { clock, log, adminToken });
}

function withHelpers(app: App, parts: Pick<TestApp, 'clock' | 'log' | 'adminToken'>): TestApp {
  const fetchPath: TestApp['fetch'] = (path, { token: given = parts.adminToken, headers, ...init } = {}) =>
    fetch(new URL(path, app.url), { ...init, headers: { ...(given === null ? {} : { Authorization: `Bearer ${given}` }), ...headers } });
  return {
    ...parts,
    ...app,
    token: (...scopes) => token(app, ...scopes),
    fetch: fetchPath,
    graphql: async (query, variables = {}, given = parts.adminToken) => {
      const body = JSON.stringify({ query, variables });
      const response = await fetchPath('/graphql', { method: 'POST', body, headers: { 'Content-Type': 'application/json' }, token: given });
      const answer = (await response.json()) as Omit<GraphQLAnswer, 'status'>;
      return { status: response.status, data: answer.data, errors: answer.errors };
    },
  };
}

async function token(app: App, ...scopes: Scope[]): Promise<string> {
  const { secret } = await createToken(app.instance, { name: `test ${scopes.join(' ')}`, scopes }, { name: 'test', tokenId: null });
  return secret;
}

/** Starts at a fixed instant, far from any border of a day, month or season. */
function testClock(): TestClock {
  let at = new Date('2026-05-12T10:00:00.000Z').getTime();
  return {
    now: () => new Date(at),
    set: (date) => {
      at = new Date(date).getTime();
    },
    advance: (ms) => {
      at += ms;
    },
  };
}
