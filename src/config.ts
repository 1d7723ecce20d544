import { z } from 'zod';

/** A malformed environment variable: one line that names it and what it takes. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const unset = (value: unknown) => (value === '' ? undefined : value);
const variable = <T extends z.ZodType>(type: T) => z.preprocess(unset, type);

const SHAPE = {
  PORT: variable(z.coerce.number().int().min(0).max(65535).default(4000)),
  HOST: variable(z.string().min(1).default('127.0.0.1')),
  DATABASE_URL: variable(z.url({ protocol: /^postgres(ql)?$/ }).optional()),
  LAZARET_DATA_DIR: variable(z.string().min(1).default('./data')),
  LAZARET_ROLE: variable(z.enum(['all', 'api', 'worker']).default('all')),
  LOG_LEVEL: variable(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info')),
  ADDRESS_CASE: variable(z.enum(['canonical', 'exact']).default('canonical')),
  PUBLIC_URL: variable(z.url({ protocol: /^https?$/ }).optional()),
  LAZARET_ADMIN_TOKEN: variable(
    z
      .string()
      .regex(/^lzt_[A-Za-z0-9_-]{20,200}$/)
      .optional(),
  ),
  LAZARET_ADDRESS_KEY: variable(z.string().min(32).max(512).optional()),
  LAZARET_INTROSPECTION: variable(z.enum(['on', 'off']).default('on')),
  LAZARET_RATE_LIMIT: variable(z.coerce.number().int().min(0).default(6000)),
  LAZARET_POOL_SIZE: variable(z.coerce.number().int().min(2).max(500).default(20)),
} as const;

const TAKES: Record<keyof typeof SHAPE, string> = {
  PORT: 'a port number from 0 to 65535',
  HOST: 'a host name or address to listen on',
  DATABASE_URL: 'a URL such as postgresql://user:password@host:5432/database (unset: the embedded database)',
  LAZARET_DATA_DIR: 'the path of a folder',
  LAZARET_ROLE: 'all, api or worker',
  LOG_LEVEL: 'trace, debug, info, warn, error, fatal or silent',
  ADDRESS_CASE: 'canonical or exact',
  PUBLIC_URL: 'a URL that begins with http:// or https://',
  LAZARET_ADMIN_TOKEN: 'lzt_ and 20 to 200 letters, digits, _ or -',
  LAZARET_ADDRESS_KEY: 'a secret of 32 to 512 characters',
  LAZARET_INTROSPECTION: 'on or off',
  LAZARET_RATE_LIMIT: 'a whole number of requests a minute, 0 for no limit',
  LAZARET_POOL_SIZE: 'a number of database connections from 2 to 500',
};

export interface Config {
  readonly port: number;
  readonly host: string;
  /** undefined = the embedded database in `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly role: 'all' | 'api' | 'worker';
  readonly logLevel: string;
  readonly addressCase: 'canonical' | 'exact';
  readonly publicUrl: string | undefined;
  readonly adminToken: string | undefined;
  readonly addressKey: string | undefined;
  readonly introspection: boolean;
  /** Requests a token a minute; 0 = no limit. */
  readonly rateLimit: number;
  readonly poolSize: number;
}

/**
 * Reads the configuration from environment variables.
 *
 * @throws ConfigError that names the variable and what it takes, never its value (it may be a secret)
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const parsed = z.object(SHAPE).safeParse(env);
  if (!parsed.success) {
    const name = String(parsed.error.issues[0]?.path[0]) as keyof typeof SHAPE;
    throw new ConfigError(`${name} takes ${TAKES[name]}`);
  }
  const v = parsed.data;
  if (v.LAZARET_ROLE !== 'all' && !v.DATABASE_URL) {
    throw new ConfigError(`LAZARET_ROLE=${v.LAZARET_ROLE} needs DATABASE_URL: the embedded database belongs to one process`);
  }
  return {
    port: v.PORT,
    host: v.HOST,
    databaseUrl: v.DATABASE_URL,
    dataDir: v.LAZARET_DATA_DIR,
    role: v.LAZARET_ROLE,
    logLevel: v.LOG_LEVEL,
    addressCase: v.ADDRESS_CASE,
    publicUrl: v.PUBLIC_URL,
    adminToken: v.LAZARET_ADMIN_TOKEN,
    addressKey: v.LAZARET_ADDRESS_KEY,
    introspection: v.LAZARET_INTROSPECTION === 'on',
    rateLimit: v.LAZARET_RATE_LIMIT,
    poolSize: v.LAZARET_POOL_SIZE,
  };
}
