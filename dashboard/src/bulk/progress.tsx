import type { BulkActionState, BulkProgressFragment } from '../api/documents.generated.ts'
import { jobsText, KINDS } from './kinds.ts'

const STATES: Readonly<Record<BulkActionState, { label: string; color: string }>> = {
  RUNNING: { label: 'Running', color: 'processing' },
  COMPLETED: { label: 'Completed', color: 'completed' },
  ABORTED: { label: 'Aborted', color: 'cancelled' },
  FAILED: { label: 'Failed', color: 'failed' },
}

export function BulkStateBadge({ state }: { readonly state: BulkActionState }) {
  const { label, color } = STATES[state]
  return <span class={`badge state-${color}`}>{label}</span>
}

type Numbers = Pick<BulkProgressFragment, 'matched' | 'done' | 'refused'>

/** Number of jobs that are neither done nor refused. */
export function leftOf({ matched, done, refused }: Numbers): number {
  return matched - done - refused
}

export function ProgressBar({ action }: { readonly action: Numbers }) {
  const { matched, done, refused } = action
  // An action on no jobs is complete.
  return (
    <progress
      class="bulk-progress"
      aria-label="Processed jobs"
      max={Math.max(1, matched)}
      value={matched === 0 ? 1 : done + refused}
    />
  )
}

/** Such as "Retry 24 jobs". */
export function titleOf({ action, matched }: Pick<BulkProgressFragment, 'action' | 'matched'>): string {
  return `${KINDS[action].label} ${jobsText(matched)}`
}

/** Such as "20 done, 4 refused, 0 left". */
export function progressText(numbers: Numbers): string {
  return `${numbers.done} done, ${numbers.refused} refused, ${leftOf(numbers)} left`
}
