import { PGlite, type Transaction as PGliteTransaction, type Results } from '@electric-sql/pglite';
import type { Sql } from '@prisma/client/runtime/client';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { PrismaClient } from '../generated/prisma/client.ts';
import type { Database, Queryable } from './database.ts';
import { openEmbeddedHints } from './feed-hints.ts';
import { UuidArray } from './uuid-array.ts';

const INT8 = 20;
const INT8_ARRAY = 1016;
const BYTEA = 17;
const serializers = {
  [INT8_ARRAY]: (value: unknown) => `{${(value as readonly unknown[]).join(',')}}`,
  // PGlite's own writes byte by byte: a message of 30 MB would hold up everything else for seconds.
  [BYTEA]: (value: unknown) => `\\x${Buffer.from(value as Uint8Array).toString('hex')}`,
};
const parsers = { [INT8]: (text: string) => BigInt(text) };
/** On one connection transactions queue; Prisma's own limits would give up too early. */
const QUEUE_MS = 30_000;

type Runner = Pick<PGlite, 'query'> | Pick<PGliteTransaction, 'query'>;

/** PGlite's own writer of arrays takes lists and texts only. */
const asText = (value: unknown): unknown => (value instanceof UuidArray ? String(value) : value);

function queryable(runner: Runner): Queryable {
  const run = ({ text, values }: Sql): Promise<Results> => runner.query(text, values.map(asText), { parsers });
  return {
    query: async <Row extends object>(statement: Sql) => (await run(statement)).rows as Row[],
    execute: async (statement) => {
      const result = await run(statement);
      return result.affectedRows ?? 0;
    },
  };
}

/** PostgreSQL in this process (PGlite). One connection: transactions queue. */
export async function openEmbeddedDatabase(options: { folder?: string; dump?: Blob; client?: PGlite }): Promise<Database> {
  const client =
    options.client ??
    (await PGlite.create({
      ...(options.folder === undefined ? {} : { dataDir: options.folder }),
      ...(options.dump === undefined ? {} : { loadDataDir: options.dump }),
      serializers,
    }));
  await client.exec(`SET TIME ZONE 'UTC'; SET jit = off`);
  const prisma = new PrismaClient({
    adapter: new PrismaPGlite(client),
    transactionOptions: { maxWait: QUEUE_MS, timeout: QUEUE_MS },
  });
  return fromPGlite(client, prisma);
}

function fromPGlite(client: PGlite, prisma: PrismaClient): Database {
  const hints = openEmbeddedHints();
  return {
    engine: 'embedded',
    prisma,
    hints,
    ...queryable(client),
    transaction: async (work) => {
      const result = await client.transaction((tx) => work(Object.assign(queryable(tx), { exec: tx.exec.bind(tx) })));
      return result;
    },
    script: async (tx, text) => {
      await (tx as Queryable & Pick<PGliteTransaction, 'exec'>).exec(text);
    },
    close: async () => {
      await prisma.$disconnect();
      await client.close();
    },
  };
}
