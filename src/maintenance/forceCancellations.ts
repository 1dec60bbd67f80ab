// Cancels jobs that were asked to be cancelled and whose worker has let the lease end without an answer. A task of its own: somebody
// asked for this, and the records name the same actor as where a worker gives such a job back.
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
    return { counts: { cancelled }, stoppedAtBounds: bounds.signal.aborted || cancelled >= bounds.mostJobs }
  },
}
