// All maintenance tasks, in the order in which a round runs them. Tasks that users wait for come
// first.
import { cleanupJobsTask } from './cleanupJobs.ts'
import { forceCancellationsTask } from './forceCancellations.ts'
import type { MaintenanceTask } from './maintenanceTask.ts'
import { removeRefusalsTask } from './removeRefusals.ts'
import { rescueStuckJobsTask } from './rescueStuckJobs.ts'

interface TaskSettings {
  /** Undefined: old jobs are kept. */
  readonly retentionDays: number | undefined
  readonly refusalsDays: number
}

export function maintenanceTasks({ retentionDays, refusalsDays }: TaskSettings): MaintenanceTask[] {
  return [
    forceCancellationsTask,
    rescueStuckJobsTask,
    ...(retentionDays === undefined ? [] : [cleanupJobsTask(retentionDays)]),
    removeRefusalsTask(refusalsDays),
  ]
}
