// Some of the jobs of a bulk action, with links.

import { useEffect, useState } from 'preact/hooks'
import type { BulkJobFragment } from '../api/documents.generated.ts'
import { loadJobContents, shownContent } from '../api/jobContents.ts'
import { pageSize } from '../api/session.ts'
import { jobUrl } from '../paths.ts'
import { withStateWords } from '../view/stateNames.ts'
import { StateBadge } from '../view/states.tsx'
import { jobsText } from './kinds.ts'

type Jobs = readonly BulkJobFragment[]
type Contents = ReadonlyMap<string, string>

const MAX_CONTENTS = 100

/** The contents of the jobs. They arrive later. */
export function useContents(samples: readonly (readonly Pick<BulkJobFragment, 'jobId'>[])[]): Contents {
  const [contents, setContents] = useState<Contents>(new Map())
  const ids = [...new Set(samples.flat().map(({ jobId }) => jobId))].slice(0, pageSize(MAX_CONTENTS)).join()
  useEffect(() => {
    const stopped = new AbortController()
    const load = loadJobContents(ids === '' ? [] : ids.split(','), stopped)
    void load.then((loaded) => stopped.signal.aborted || setContents(loaded))
    return () => stopped.abort()
  }, [ids])
  return contents
}

interface SampleProps {
  readonly title: string
  readonly jobs: Jobs
  readonly contents: Contents
  readonly isOpen?: boolean
  /** Whether links open another tab: a dialog would close. */
  readonly isInDialog?: boolean
}

/** The title, and below it the jobs with the states that they have now. */
export function Sample({ title, jobs, contents, isOpen = false, isInDialog = false }: SampleProps) {
  return (
    <details class="sample" open={isOpen}>
      <summary>{title}</summary>
      <ul>
        {jobs.map(({ jobId, userId, state }) => (
          <li key={jobId}>
            <StateBadge state={state} />
            <a href={jobUrl(jobId)} {...(isInDialog && { target: '_blank', rel: 'noreferrer' })}>
              {shownContent(jobId, contents.get(jobId))}
            </a>
            <span class="muted">{userId}</span>
          </li>
        ))}
      </ul>
    </details>
  )
}

/** Such as "34 jobs (the newest 20 are listed)". */
export function countText(count: number, jobs: Jobs): string {
  return jobs.length < count ? `${jobsText(count)} (the newest ${jobs.length} are listed)` : jobsText(count)
}

interface RefusalsProps extends Pick<SampleProps, 'contents' | 'isInDialog'> {
  readonly refusals: readonly { readonly reason: string; readonly count: number; readonly sample: Jobs }[]
}

export function Refusals({ refusals, ...props }: RefusalsProps) {
  return (
    <>
      {refusals.map(({ reason, count, sample }) => (
        <Sample
          key={reason}
          title={`Refused, ${countText(count, sample)}: ${withStateWords(reason)}`}
          jobs={sample}
          {...props}
        />
      ))}
    </>
  )
}
