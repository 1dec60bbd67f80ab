import { useState } from 'preact/hooks'
import type { JobState } from '../api/documents.generated.ts'
import type { Counts } from '../jobs/jobList.ts'
import { viewer } from '../shell/viewer.ts'
import { useShortcuts } from '../view/keys.ts'
import { STATES } from '../view/stateNames.ts'
import { BulkDialog } from './bulkDialog.tsx'
import { jobsText, kindsFor } from './kinds.ts'

interface BulkButtonProps {
  /** Undefined until they are loaded. */
  readonly counts: Counts | undefined
  /** Those that the list shows; empty: all. */
  readonly states: readonly JobState[]
  readonly query: URLSearchParams
}

/** Retries, cancels or deletes all jobs of the list, not only those of the page. */
export function BulkButton({ counts, states, query }: BulkButtonProps) {
  // The list that was shown when the dialog was opened.
  const [chosen, setChosen] = useState<URLSearchParams | undefined>(undefined)
  const shown = states.length === 0 ? STATES : states
  const count = counts && shown.reduce((sum, state) => sum + (counts[state] ?? 0), 0)
  const isAllowed = kindsFor(viewer.value).length > 0
  const isEmpty = count === 0
  const open = (): void => setChosen(query)
  useShortcuts(isAllowed && !isEmpty ? [{ key: 'x', label: 'Act on all jobs of the list', run: open }] : [])
  if (!isAllowed) return null
  return (
    <>
      <button type="button" class="button" disabled={isEmpty} onClick={open}>
        {count === undefined ? 'Act on all jobs…' : `Act on all ${jobsText(count)}…`}
      </button>
      {chosen && <BulkDialog query={chosen} onClose={() => setChosen(undefined)} />}
    </>
  )
}
