// The sentences about what needs attention. Screen readers say them again when they change, so they
// have no durations.
import { transactionWords } from '../view/eventStatus.tsx'
import { SECOND } from '../view/instants.ts'
import type { State } from './operations.ts'

type Task = State['maintenanceTasks'][number]

/** A consumer that is this far behind, and has not moved for as long, needs attention. */
const LAG_SECONDS = 30
/** A due job that waits longer needs attention. */
const WAIT_SECONDS = 300
/** A maintenance task that is later needs attention. Restarts of servers take less. */
const LATE_MS = 60 * SECOND

export function attentionOf(state: State): string[] {
  const { at, consumers, eventDelay, maintenanceTasks, oldestDueJob, processing } = state
  const failing = consumers.filter(({ failingSince }) => failingSince !== null)
  const stuckSince = (updatedAt: string): number => (Date.parse(at) - Date.parse(updatedAt)) / SECOND
  const held = consumers.filter(
    ({ failingSince, lagSeconds, updatedAt }) =>
      failingSince === null && lagSeconds > LAG_SECONDS && stuckSince(updatedAt) > LAG_SECONDS,
  )
  return [
    ...(eventDelay !== null && eventDelay.seconds > LAG_SECONDS
      ? [`Live pages and consumers wait for an open transaction${transactionWords(eventDelay.transaction)}.`]
      : []),
    ...failing.map(({ name, lastError }) => `The consumer ${name} is failing: ${lastError}`),
    ...held.map(({ name }) => `The consumer ${name} is behind and does not advance.`),
    ...maintenanceTasks.flatMap((task) => maintenanceSentences(task, Date.parse(at))),
    ...(processing.expiredLeases > 0
      ? [`${plural(processing.expiredLeases, 'lease has', 'leases have')} expired: the workers may be gone.`]
      : []),
    ...(oldestDueJob && oldestDueJob.waitSeconds > WAIT_SECONDS
      ? ['A job has been due for more than five minutes, and no worker has claimed it.']
      : []),
  ]
}

function maintenanceSentences({ name, isFailing, lastError, lastRunAt, nextRunAt }: Task, at: number): string[] {
  if (isFailing) return [`The maintenance task ${name} has failed: ${lastError}`]
  const isLate = nextRunAt !== null && isOverdue(Date.parse(lastRunAt), Date.parse(nextRunAt), at)
  return isLate ? [`The maintenance task ${name} has not run when it was planned.`] : []
}

/** After as much time again as between the two runs. */
function isOverdue(lastRun: number, nextRun: number, at: number): boolean {
  return at - nextRun > Math.max(LATE_MS, nextRun - lastRun)
}

function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
