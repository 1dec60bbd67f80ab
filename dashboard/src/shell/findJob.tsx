import { useState } from 'preact/hooks'
import { jobUrl } from '../paths.ts'
import { navigate } from '../router.ts'
import { jobIdIn } from './jobId.ts'

/** Opens a job by its id: at once if an id is pasted, else with Enter. */
export function FindJob() {
  const [isUnknown, setIsUnknown] = useState(false)
  const open = (input: HTMLInputElement): void => {
    const jobId = jobIdIn(input.value)
    setIsUnknown(jobId === undefined)
    if (jobId === undefined) return
    input.value = ''
    input.blur()
    navigate(jobUrl(jobId))
  }
  return (
    <search class="find-job">
      <input
        id="find-job"
        type="search"
        aria-label="Find a job by its id"
        aria-invalid={isUnknown}
        aria-describedby={isUnknown ? 'find-job-fault' : undefined}
        placeholder="Find a job by its id  ( / )"
        autocomplete="off"
        spellcheck={false}
        onKeyDown={(event) => {
          if (event.key === 'Enter') open(event.currentTarget)
          if (event.key === 'Escape') event.currentTarget.blur()
        }}
        onInput={({ currentTarget }) => {
          setIsUnknown(false)
          if (jobIdIn(currentTarget.value) !== undefined) open(currentTarget)
        }}
      />
      {isUnknown && (
        <p id="find-job-fault" class="fault" role="alert">
          This is not the id of a job: a UUID or a global id.
        </p>
      )}
    </search>
  )
}
