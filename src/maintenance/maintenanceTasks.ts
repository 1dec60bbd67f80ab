// Every task of maintenance, in the order in which a round runs them: first what somebody waits for.
import { cleanupJobsTask } from './cleanupJobs.ts'
import { forceCancellationsTask } from './forceCancellations.ts'
import type { MaintenanceTask } from './maintenanceTask.ts'
import { rescueStuckJobsTask } from './rescueStuckJobs.ts'

/** The tasks that the settings ask for. `retentionDays` undefined: old jobs are kept. */
export function maintenanceTasks({ retentionDays }: { retentionDays: number | undefined }): MaintenanceTask[] {
  return [
    forceCancellationsTask,
    rescueStuckJobsTask,
    ...(retentionDays === undefined ? [] : [cleanupJobsTask(retentionDays)]),
  ]
}
