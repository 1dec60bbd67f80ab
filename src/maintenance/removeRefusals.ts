// Removes refused attempts that are old enough. Looks for them once per period; a run that reaches
// its limits is continued by the next round.
import { removeRefusals } from '../ledger/refusals.ts'
import type { MaintenanceTask } from './maintenanceTask.ts'
import { isTimeFor, savePosition } from './taskProgress.ts'

const TASK = 'removeRefusals'
const PERIOD_SECONDS = 3600
const ROWS_PER_STATEMENT = 1000

/** `days`: maximum age of a refusal, in days of 24 hours. */
export function removeRefusalsTask(days: number): MaintenanceTask {
  return {
    name: TASK,
    periodSeconds: PERIOD_SECONDS,
    isDue: ({ sql }) => isTimeFor(sql, TASK, PERIOD_SECONDS),
    async run(ledger, { maxJobs, signal }) {
      let removed = 0
      let last: string | undefined
      let isComplete = false
      while (!isComplete && removed < maxJobs && !signal.aborted) {
        const max = Math.min(ROWS_PER_STATEMENT, maxJobs - removed)
        const ids = await removeRefusals(ledger, { days, max })
        removed += ids.length
        last = ids.at(-1) ?? last
        isComplete = ids.length < max
      }
      // A position marks that there is more to do.
      await savePosition(ledger.sql, TASK, isComplete ? null : (last ?? null))
      return { counts: { removed }, stoppedAtBounds: !isComplete }
    },
  }
}
