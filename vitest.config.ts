// How the tests run: real processes, one PostgreSQL for the whole run
// (test/support/globalSetup.ts).
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { SlowFirst } from './test/support/slowFirst.ts'

export default defineConfig({
  // The entry that Node uses: graphql also has a "module" entry, and two instances of graphql in
  // one process refuse each other's types.
  resolve: { alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/globalSetup.ts'],
    pool: 'forks',
    // Files share processes and import the server once. A process for each took twice the time.
    isolate: false,
    setupFiles: ['test/support/cleanProcess.ts'],
    // One more than the smallest number of processors: tests that start processes mostly wait.
    maxWorkers: 3,
    sequence: { sequencer: SlowFirst },
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // For a busy machine; on an idle one, polls succeed at once.
    expect: { poll: { timeout: 30_000 } },
    // Longer than stopping the embedded server can take.
    teardownTimeout: 40_000,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/generated/**'],
      thresholds: { lines: 90 },
      // A failing test must not hide that too little is covered.
      reportOnFailure: true,
    },
  },
})
