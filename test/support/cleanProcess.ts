// Test files share processes (vitest.config.ts): what a file changed in its process is restored
// after it, also if a test failed.
import process from 'node:process'
import { afterAll, vi } from 'vitest'

// Commands that run in a test add listeners that they keep until their process ends.
const EVENTS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'uncaughtException', 'disconnect'] as NodeJS.Signals[]
const before = EVENTS.map((event) => new Set(process.listeners(event)))

afterAll(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
  // A command that failed in a test has set it.
  process.exitCode = undefined
  for (const [index, event] of EVENTS.entries()) {
    for (const listener of process.listeners(event)) if (!before[index]?.has(listener)) process.off(event, listener)
  }
})
