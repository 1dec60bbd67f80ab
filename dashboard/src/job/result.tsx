import { Block, Json } from '../view/block.tsx'
import { roughDuration } from '../view/instants.ts'
import { Time } from '../view/time.tsx'
import type { Job } from './job.ts'
import type { JobView } from './jobView.ts'

const STATUS_LABELS = { SUCCESS: 'Success', ERROR: 'Error', TIMEOUT: 'Timeout' } as const

/** The result of the job. Its output may be large, so it is read on request. */
export function Result({ job: { result }, view }: { readonly job: Job; readonly view: JobView }) {
  const output = view.output.value
  return (
    <section class="panel" aria-labelledby="result-title">
      <h2 id="result-title">Result</h2>
      {result === null && <p class="muted">The job has no result yet.</p>}
      {result !== null && (
        <>
          <p>
            {STATUS_LABELS[result.status]}
            {result.processingTimeMs !== null && `, ${roughDuration(result.processingTimeMs)} by the worker's clock`}
            <span class="muted">
              , set <Time at={result.updatedAt} />
            </span>
          </p>
          {result.errorMessage !== null && <Block label="Error message" text={result.errorMessage} />}
          {output === undefined ? (
            <button type="button" class="button" onClick={() => void view.loadOutput()}>
              Show the output
            </button>
          ) : (
            <Json label="Output" value={output.value} />
          )}
        </>
      )}
    </section>
  )
}
