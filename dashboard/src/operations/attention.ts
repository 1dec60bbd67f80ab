// The sentences about what needs attention. Screen readers say them again when they change, so they
// have no durations.
import { SECOND } from '../view/instants.ts'
import type { State } from './operations.ts'

/** A consumer that is this far behind, and has not moved for as long, needs attention. */
const LAG_SECONDS = 30
/** A due job that waits longer needs attention. */
const WAIT_SECONDS = 300

export function attentionOf(state: State): string[] {
  const { at, consumers, oldestDueJob, processing } = state
  const stuckSince = (updatedAt: string): number => (Date.parse(at) - Date.parse(updatedAt)) / SECOND
  const held = consumers.filter(
    ({ lagSeconds, updatedAt }) => lagSeconds > LAG_SECONDS && stuckSince(updatedAt) > LAG_SECONDS,
  )
  return [
    ...held.map(({ name }) => `The consumer ${name} is behind and does not advance.`),
    ...(processing.expiredLeases > 0
      ? [`${plural(processing.expiredLeases, 'lease has', 'leases have')} expired: the workers may be gone.`]
      : []),
    ...(oldestDueJob && oldestDueJob.waitSeconds > WAIT_SECONDS
      ? ['A job has been due for more than five minutes, and no worker has claimed it.']
      : []),
  ]
}

function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
