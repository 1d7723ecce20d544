import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import { PrismaPGlite } from 'pglite-prisma-adapter';

/** What of Prisma's schema engine is used. It is an internal package, pinned exactly and touched here only. */
interface SchemaEngineModule {
  __wbg_set_wasm(exports: object): void;
  SchemaEngine: {
    new: (
      options: unknown,
      log: (line: string) => void,
      factory: unknown,
    ) => Promise<{ diff(params: unknown): Promise<{ stdout: string | null }> }>;
  };
}

/** The part of WebAssembly that is used; Node's types leave it to the browser's. */
interface Wasm {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: { __wbindgen_start(): void } };
}

const wasm = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly;

async function loadEngine(): Promise<SchemaEngineModule> {
  const folder = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
  const engine = (await import(join(folder, 'schema_engine_bg.js'))) as SchemaEngineModule;
  const module = new wasm.Module(await readFile(join(folder, 'schema_engine_bg.wasm')));
  const instance = new wasm.Instance(module, { './schema_engine_bg.js': engine });
  engine.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return engine;
}

const schemaPath = join(import.meta.dirname, '../../prisma/schema.prisma');

/** SQL that leads from `client`'s database (null: an empty one) to prisma/schema.prisma; empty where they agree. */
export async function schemaDiff(client: PGlite | null): Promise<string> {
  const database = client ?? (await PGlite.create());
  const engine = await loadEngine();
  const datamodel = await readFile(schemaPath, 'utf8');
  const files = [{ path: 'schema.prisma', content: datamodel }];
  const factory = bindMigrationAwareSqlAdapterFactory(new PrismaPGlite(database));
  const runner = await engine.SchemaEngine.new({ datamodels: [['schema.prisma', datamodel]] }, () => undefined, factory);
  const { stdout } = await runner.diff({
    from: client ? { tag: 'schemaDatasource', files, configDir: '.' } : { tag: 'empty' },
    to: { tag: 'schemaDatamodel', files },
    script: true,
    exitCode: null,
    shadowDatabaseUrl: null,
    filters: { externalTables: [], externalEnums: [] },
  });
  if (!client) await database.close();
  return stdout ?? '';
}
