// How the tests run: real processes, one PostgreSQL for the whole run (test/support/globalSetup.ts).
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longestFirst.ts'

export default defineConfig({
  // As Node does: graphql also has a "module" entry, and two instances of it in one process refuse each other's types.
  resolve: { alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/globalSetup.ts'],
    pool: 'forks',
    // One more than the processors that there are at least: tests that start processes mostly wait for them.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // A loaded machine takes its time; what is waited for comes at once elsewhere.
    expect: { poll: { timeout: 30_000 } },
    // Longer than the patience with which the embedded server is stopped.
    teardownTimeout: 40_000,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/generated/**'],
      thresholds: { lines: 90 },
    },
  },
})
