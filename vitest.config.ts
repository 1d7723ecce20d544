import { defineConfig } from 'vitest/config';

// One database a worker, shared by its files (tests use fresh data), so files are not isolated from each other.
export default defineConfig({
  test: {
    include: ['test/{unit,integration,graphql,http,cli}/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/setup.ts'],
    pool: 'forks',
    isolate: false,
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
  },
});
