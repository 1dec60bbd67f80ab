// Cancels jobs whose cancellation was requested and whose worker let the lease end. A separate
// task, so that the records have the same actor as when a worker releases such a job.
import { rescueStuckJobs } from '../ledger/rescueStuckJobs.ts'
import type { MaintenanceTask } from './maintenanceTask.ts'

export const forceCancellationsTask: MaintenanceTask = {
  name: 'forceCancellations',
  async run(ledger, bounds) {
    const { cancelled } = await rescueStuckJobs(
      ledger,
      { actor: 'system:cancel' },
      { ...bounds, cancelRequested: true },
    )
    return { counts: { cancelled }, stoppedAtBounds: bounds.signal.aborted || cancelled >= bounds.maxJobs }
  },
}
