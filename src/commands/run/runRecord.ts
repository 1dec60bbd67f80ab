// The complete record of one run of a program, so that another process can report it much later.
import { z } from 'zod'
import type { CompleteRunMutationVariables, CreateRunMutationVariables } from '../../client/documents.generated.ts'

const FORMAT = 1

/** The due time of a job that no worker may claim. */
const NEVER = '9999-12-31T00:00:00.000Z'

/** What is known when the program starts. */
const START_FIELDS = {
  /** The idempotency key of the job; it also marks the transitions of this run. */
  key: z.uuid(),
  /** The server of the run: no other server gets the run or its credential. */
  url: z.string(),
  content: z.string(),
  preset: z.string().optional(),
  userId: z.string().optional(),
  host: z.string(),
  startedAt: z.iso.datetime(),
}

const STARTED_RUN = z.object(START_FIELDS)

/** The format of a spool file. */
export const RUN_RECORD = z.object({
  format: z.literal(FORMAT),
  ...START_FIELDS,
  /** The job, if the server has confirmed it. */
  jobId: z.uuid().optional(),
  endedAt: z.iso.datetime(),
  processingTimeMs: z.int().min(0),
  /** Null if the program succeeded. */
  errorMessage: z.string().nullable(),
  timedOut: z.boolean(),
  /** A short description of the end. */
  reason: z.string(),
  output: z.object({
    exitCode: z.int().nullable(),
    signal: z.string().nullable(),
    stdout: z.string(),
    stderr: z.string(),
  }),
})

export type StartedRun = Readonly<z.infer<typeof STARTED_RUN>>
export type RunRecord = Readonly<z.infer<typeof RUN_RECORD>>

/** The record of a finished run. */
export function endedRun(started: StartedRun, end: Omit<RunRecord, 'format' | keyof StartedRun>): RunRecord {
  return { format: FORMAT, ...started, ...end }
}

/** The input that creates the job of a run. `late`: it is created after the run has ended. */
export function jobInput(run: StartedRun | RunRecord, late: boolean): CreateRunMutationVariables['input'] {
  return {
    content: run.content,
    ...(run.preset === undefined ? {} : { preset: run.preset }),
    ...(run.userId === undefined ? {} : { userId: run.userId }),
    idempotencyKey: run.key,
    runAt: NEVER,
    metadata: { ...timesOf(run), ...(late && { deliveredLate: true }) },
  }
}

/** The metadata of all transitions of a run. */
export function transitionMetadata(run: StartedRun | RunRecord, late: boolean): Record<string, unknown> {
  return { run: run.key, ...timesOf(run), ...(late && { deliveredLate: true }) }
}

function timesOf(run: StartedRun | RunRecord): Record<string, string> {
  const { host, startedAt } = run
  return { host, startedAt, ...('endedAt' in run && { endedAt: run.endedAt }) }
}

/** The result of a run, as input of completeJob and failJob. */
export function resultInput(run: RunRecord, late: boolean): Omit<CompleteRunMutationVariables['input'], 'jobId'> {
  const { output, processingTimeMs, reason } = run
  return { output, processingTimeMs, reason, metadata: transitionMetadata(run, late) }
}
