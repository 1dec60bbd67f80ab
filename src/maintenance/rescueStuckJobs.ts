// Rescues jobs whose lease has ended because the worker is gone: moves them to PENDING, or to
// FAILED if their attempts are used up. Leaves jobs with a cancellation request to
// forceCancellations.ts. Also ends waits that a clock set back has made too long.
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
    const stopped = bounds.signal.aborted || released + failed >= bounds.maxJobs
    const madeDue = stopped ? 0 : await shortenRetryWaits(ledger, bounds.maxJobs)
    return { counts: { released, failed, madeDue }, stoppedAtBounds: stopped || madeDue >= bounds.maxJobs }
  },
}
