// Takes jobs back whose lease has ended, because the worker is gone: to PENDING, or to FAILED when their attempts are used up. Those
// that were asked to be cancelled are for forceCancellations.ts.
import { rescueStuckJobs } from '../ledger/rescueStuckJobs.ts'
import type { MaintenanceTask } from './maintenanceTask.ts'

export const rescueStuckJobsTask: MaintenanceTask = {
  name: 'rescueStuckJobs',
  async run(ledger, bounds) {
    const { released, failed } = await rescueStuckJobs(
      ledger,
      { actor: 'system:rescue' },
      { ...bounds, cancelRequested: false },
    )
    return {
      counts: { released, failed },
      stoppedAtBounds: bounds.signal.aborted || released + failed >= bounds.mostJobs,
    }
  },
}
