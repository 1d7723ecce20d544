// npm run check: types, lint and format, the printed schema, the migrations, the contract (where its folder is present), dead code.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const contract = join(root, '..', 'shared', 'contract', 'check.mjs');
const bin = (name) => join(root, 'node_modules', '.bin', name);
const script = (path) => [process.execPath, ['--import', 'tsx', join(root, path)]];

const checks = [
  ['types', bin('tsc'), []],
  ['lint and format', bin('biome'), ['ci', '--colors=off', '--error-on-warnings', '--diagnostic-level=warn', '.']],
  ['schema.graphql equals the code', ...script('scripts/print-schema.ts'), ['--check']],
  ['migrations equal schema.prisma', ...script('scripts/check-migrations.ts')],
  ...(existsSync(contract) ? [['contract', process.execPath, [contract, 'schema.graphql']]] : []),
  ['dead code', bin('knip'), []],
];

let failed = false;
for (const [name, command, args, more = []] of checks) {
  const { status, stdout, stderr } = spawnSync(command, [...args, ...more], { cwd: root, encoding: 'utf8' });
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'}  ${name}`);
  if (status === 0) continue;
  failed = true;
  console.log(`${stdout}\n${stderr}`);
}
process.exit(failed ? 1 : 0);
