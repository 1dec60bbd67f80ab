// Removal of old refused attempts, in bounded runs.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunOptions, runTask } from '../../src/maintenance/maintenanceTask.ts'
import { maintenanceTasks } from '../../src/maintenance/maintenanceTasks.ts'
import { MISSING_ID, openTestLedger, type TestLedger } from '../support/factories.ts'

let ledger: TestLedger

beforeAll(async () => {
  ledger = await openTestLedger()
})
afterAll(() => ledger.close())

const tasks = maintenanceTasks({ retentionDays: undefined, refusalsDays: 30 })
const task = tasks.find(({ name }) => name === 'removeRefusals')

async function run(options: Partial<RunOptions> = {}) {
  if (task === undefined) throw new Error('The task does not exist.')
  const { counts, stoppedAtBounds } = await runTask(task, ledger, { signal: new AbortController().signal, ...options })
  return { ...counts, stoppedAtBounds, isDue: await task.isDue?.(ledger) }
}

async function addRefusals(count: number, days: number): Promise<void> {
  const sql = `INSERT INTO jobledger.refusals (job_id, kind, actor, message, timestamp)
    SELECT $1, 'FORBIDDEN', 'a', 'm', now() - interval '24 hours' * $2::float FROM generate_series(1, $3)`
  await ledger.database.pool.query(sql, [MISSING_ID, days, count])
}

it('removes refusals older than REFUSALS_DAYS, and continues where a run reached its limit', async () => {
  await addRefusals(2, 29.9)
  await addRefusals(1500, 30.1)
  expect(await run({ maxJobs: 1200 })).toEqual({ removed: 1200, stoppedAtBounds: true, isDue: true })
  expect(await run({ maxJobs: 1200 })).toEqual({ removed: 300, stoppedAtBounds: false, isDue: false })
  expect(await ledger.prisma.jobRefusal.count()).toBe(2)
  await ledger.database.pool.query("UPDATE jobledger.maintenance_tasks SET last_run_at = now() - interval '61 minutes'")
  expect(await task?.isDue?.(ledger)).toBe(true)
  expect(await run()).toEqual({ removed: 0, stoppedAtBounds: false, isDue: false })
})
