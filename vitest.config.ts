import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';
import { PATIENCE } from './test/support/patience.ts';

// One database a worker, shared by its files (tests use fresh data), so files are not isolated from each other.
export default defineConfig({
  // Vite takes graphql's index.mjs and Node, for yoga, its index.js: two copies that refuse each other's schemas.
  resolve: { alias: [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }] },
  test: {
    include: ['test/{unit,integration,graphql,http,cli}/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/setup.ts'],
    pool: 'forks',
    isolate: false,
    maxWorkers: 2,
    expect: { poll: PATIENCE },
    // What takes longer hangs, also on a machine that is ten times as slow or as busy as another.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 20_000,
  },
});
