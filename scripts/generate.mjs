// Makes the generated code: Prisma's client and Pothos' types. The Prisma command line asks for a schema engine that `generate`
// never runs; any executable that exists keeps it from downloading one.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const path = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js');
const { status, stdout, stderr } = spawnSync(process.execPath, [prisma, 'generate'], {
  env: {
    ...process.env,
    PATH: path,
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  },
  cwd: root,
  encoding: 'utf8',
});
if (status !== 0) process.stderr.write(`${stdout}\n${stderr}\n`);
process.exit(status ?? 1);
