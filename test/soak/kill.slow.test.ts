// The short form of the kill tests: one round. The long form is `npm run soak`.
import { randomInt } from 'node:crypto'
import process from 'node:process'
import { afterEach, expect, it } from 'vitest'
import { Trial } from '../../soak/trial.ts'
import { expectSoundHistories } from '../support/history.ts'
import { onServer } from '../support/testRun.ts'

/** Determines the moments. SOAK_SEED repeats those of an earlier run. */
const SEED = Number(process.env.SOAK_SEED || randomInt(1_000_000))
const TIMEOUT_MS = 300_000

let trial: Trial | undefined

// vitest does not end its workers when it is interrupted.
const interruptions = ['SIGINT', 'SIGTERM', 'disconnect'] as const
function onInterruption(): void {
  trial?.destroyAtExit()
  process.kill(process.pid, 'SIGKILL')
}
for (const interruption of interruptions) process.once(interruption, onInterruption)

afterEach(async () => {
  await trial?.close()
  for (const interruption of interruptions) process.off(interruption, onInterruption)
}, TIMEOUT_MS)

it(`loses no job and completes none twice when workers, the server and PostgreSQL are killed (seed ${SEED})`, {
  timeout: TIMEOUT_MS,
}, async () => {
  trial = await Trial.open({ seed: SEED, isBuilt: true }) // before the run (support/globalSetup.ts)
  const { jobs, recoveriesMs } = await trial.round({
    jobs: 2000,
    serverKills: 2,
    postgresKills: 1,
    bothKills: 1,
    workerKills: 4,
    downMs: 1000,
  })
  expect(jobs).toBeGreaterThanOrEqual(2000)
  expect(recoveriesMs).toHaveLength(3)
  await onServer(trial.databaseUrl, expectSoundHistories)
  await trial.close()
  expect(trial.faults).toEqual([])
})
