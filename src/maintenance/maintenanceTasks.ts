// All maintenance tasks, in the order in which a round runs them. Tasks that users wait for come
// first.
import { cleanupJobsTask } from './cleanupJobs.ts'
import { forceCancellationsTask } from './forceCancellations.ts'
import type { MaintenanceTask } from './maintenanceTask.ts'
import { rescueStuckJobsTask } from './rescueStuckJobs.ts'

/** The tasks for these settings. Old jobs are kept if `retentionDays` is undefined. */
export function maintenanceTasks({ retentionDays }: { retentionDays: number | undefined }): MaintenanceTask[] {
  return [
    forceCancellationsTask,
    rescueStuckJobsTask,
    ...(retentionDays === undefined ? [] : [cleanupJobsTask(retentionDays)]),
  ]
}
