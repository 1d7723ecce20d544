// Bundles the command line into dist/cli.js. Packages stay where npm put them; sub-commands become files of their own, so that each
// loads only what it needs. An argument names another folder, below the project's, for checks of the bundle.
import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const outdir = join(root, process.argv[2] ?? 'dist');

await rm(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: [
    { in: 'src/main.ts', out: 'cli' },
    { in: 'src/cli/classify-worker.ts', out: 'classify-worker' },
  ],
  outdir,
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  sourcemap: true,
  banner: { js: '#!/usr/bin/env node' },
  logLevel: 'warning',
});
await chmod(join(outdir, 'cli.js'), 0o755);
