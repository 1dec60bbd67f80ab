import type { JobState } from '../api/documents.generated.ts'
import { STATE_LABELS } from './stateNames.ts'

export function StateBadge({ state }: { readonly state: JobState }) {
  return <span class={`badge state-${state.toLowerCase()}`}>{STATE_LABELS[state]}</span>
}
