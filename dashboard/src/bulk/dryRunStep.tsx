import { useEffect, useRef, useState } from 'preact/hooks'
import { maxBulkJobs } from '../api/session.ts'
import { FilterWords } from './filterWordsList.tsx'
import { countShown, isCount, jobsText, KINDS, someOfText } from './kinds.ts'
import { countText, Refusals, Sample, useContents } from './samples.tsx'
import type { DryRun } from './startBulk.ts'

/** A sample of more jobs is closed at first: the confirmation is below it. */
const MAX_OPEN = 8

interface DryRunStepProps {
  readonly run: DryRun
  readonly fault: string | undefined
  readonly isBusy: boolean
  onStart(): void
  onBack(): void
}

/** Shows what would happen. The action starts only after the number of jobs is typed. */
export function DryRunStep({ run, fault, isBusy, onStart, onBack }: DryRunStepProps) {
  const [typed, setTyped] = useState('')
  const result = useRef<HTMLParagraphElement>(null)
  // The element that had the focus is gone.
  useEffect(() => result.current?.focus(), [])
  const { filter, reason, action, preview } = run
  const { matched, eligible, sample, refusals } = preview
  const contents = useContents([sample, ...refusals.map((refusal) => refusal.sample)])
  const { label, past } = KINDS[action]
  const isTooLarge = matched > maxBulkJobs()
  const isConfirmed = isCount(typed, matched)
  return (
    <form
      class="dialog-body"
      onSubmit={(event) => {
        event.preventDefault()
        if (isConfirmed && !isTooLarge) onStart()
      }}
    >
      <p class="fault" role="alert">
        {fault}
      </p>
      <p ref={result} tabIndex={-1} class="bulk-result">
        {resultText(matched, eligible, past)}
      </p>
      {isTooLarge && (
        <p class="error-text">
          A bulk action may match at most {jobsText(maxBulkJobs())} (LIMIT_BULK_JOBS). Narrow the filters of the list,
          for example to a shorter time, and act on its jobs in several steps.
        </p>
      )}
      <FilterWords filter={filter} />
      <p class="muted">Reason: {reason}</p>
      {eligible > 0 && (
        <Sample
          title={`Would be ${past}: ${countText(eligible, sample)}`}
          jobs={sample}
          contents={contents}
          isOpen={eligible <= MAX_OPEN}
          isInDialog
        />
      )}
      <Refusals refusals={refusals} contents={contents} isInDialog />
      {eligible > 0 && !isTooLarge && (
        <label class="field">
          <span>To confirm, type the number of jobs that match: {countShown(matched)}</span>
          <input
            type="text"
            inputMode="numeric"
            autocomplete="off"
            value={typed}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </label>
      )}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onBack}>
          Back
        </button>
        <button
          type="submit"
          class={action === 'DELETE' ? 'button button-danger' : 'button button-primary'}
          disabled={isBusy || eligible === 0 || isTooLarge || !isConfirmed}
        >
          {label} {someOfText(eligible, matched)}
        </button>
      </div>
    </form>
  )
}

function resultText(matched: number, eligible: number, past: string): string {
  if (eligible === matched) return `${jobsText(matched)} would be ${past}.`
  if (eligible === 0) return `Of ${jobsText(matched)}, none would be ${past}.`
  return `Of ${jobsText(matched)}, ${countShown(eligible)} would be ${past} and ${countShown(matched - eligible)} refused.`
}
