// Soft-deletes finished jobs according to the retention setting. A pass over all jobs that are old
// enough may take several runs. Each run continues where the previous one stopped, in any process.
// One pass starts per period; it finds the jobs that finished late.
import { cleanupJobsBatch } from '../ledger/cleanupJobs.ts'
import type { MaintenanceTask } from './maintenanceTask.ts'
import { isTimeFor, positionOf, savePosition } from './taskProgress.ts'

export const CLEANUP_TASK = 'cleanupJobs'
const PERIOD_SECONDS = 3600

/** `retentionDays`: age of a job since its creation, in days of 24 hours. */
export function cleanupJobsTask(retentionDays: number): MaintenanceTask {
  return {
    name: CLEANUP_TASK,
    periodSeconds: PERIOD_SECONDS,
    isDue: ({ sql }) => isTimeFor(sql, CLEANUP_TASK, PERIOD_SECONDS),
    async run(ledger, { maxJobs, signal }) {
      const { deleted, position } = await cleanupJobsBatch(
        ledger,
        { olderThanDays: retentionDays, actor: 'system:retention' },
        { after: await positionOf(ledger.prisma, CLEANUP_TASK), maxJobs, signal, skipLocked: true },
      )
      await savePosition(ledger.sql, CLEANUP_TASK, position)
      return { counts: { deleted }, stoppedAtBounds: position !== null }
    },
  }
}
