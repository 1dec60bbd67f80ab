// Soft-deletes finished jobs by the retention setting. One pass over all jobs that are old enough takes as many runs as it needs; each
// goes on where the one before stopped, in whichever process. A pass a period: jobs that finish late are found by the next one.
import { cleanupJobsBatch } from '../ledger/cleanupJobs.ts'
import type { MaintenanceTask } from './maintenanceTask.ts'
import { isTimeFor, positionOf, saveRun } from './taskProgress.ts'

export const CLEANUP_TASK = 'cleanupJobs'
const PERIOD_SECONDS = 3600

/** `retentionDays`: of 24 hours, from the creation of a job. */
export function cleanupJobsTask(retentionDays: number): MaintenanceTask {
  return {
    name: CLEANUP_TASK,
    isDue: ({ sql }) => isTimeFor(sql, CLEANUP_TASK, PERIOD_SECONDS),
    async run(ledger, { mostJobs, signal }) {
      const { deleted, position } = await cleanupJobsBatch(
        ledger,
        { olderThanDays: retentionDays, actor: 'system:retention' },
        { behind: await positionOf(ledger.prisma, CLEANUP_TASK), mostJobs, signal, skipHeld: true },
      )
      await saveRun(ledger.sql, CLEANUP_TASK, position)
      return { counts: { deleted }, stoppedAtBounds: position !== null }
    },
  }
}
