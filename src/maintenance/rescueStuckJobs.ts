// Takes jobs back whose lease has ended, because the worker is gone: to PENDING, or to FAILED when their attempts are used up. Those
// that were asked to be cancelled are for forceCancellations.ts. And jobs that wait for another attempt by a clock that was set back.
import { rescueStuckJobs } from '../ledger/rescueStuckJobs.ts'
import { shortenRetryWaits } from '../ledger/shortenRetryWaits.ts'
import type { MaintenanceTask } from './maintenanceTask.ts'

export const rescueStuckJobsTask: MaintenanceTask = {
  name: 'rescueStuckJobs',
  async run(ledger, bounds) {
    const { released, failed } = await rescueStuckJobs(
      ledger,
      { actor: 'system:rescue' },
      { ...bounds, cancelRequested: false },
    )
    const stopped = bounds.signal.aborted || released + failed >= bounds.mostJobs
    const madeDue = stopped ? 0 : await shortenRetryWaits(ledger, bounds.mostJobs)
    return { counts: { released, failed, madeDue }, stoppedAtBounds: stopped || madeDue >= bounds.mostJobs }
  },
}
