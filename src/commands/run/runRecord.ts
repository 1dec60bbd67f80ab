// What is to be told the ledger of one run of a program: complete in itself, so that another process can tell it, long after.
import { z } from 'zod'
import type { CompleteRunMutationVariables, CreateRunMutationVariables } from '../../client/documents.generated.ts'

const FORMAT = 1

/** No worker claims a job before it is due. */
const NEVER = '9999-12-31T00:00:00.000Z'

/** What is known when a program starts. */
const BEGINNING = {
  /** The idempotency key of the job; also marks the transitions that are made for this run. */
  key: z.uuid(),
  /** The server that the run belongs to: no other gets it, nor a credential for it. */
  url: z.string(),
  content: z.string(),
  preset: z.string().optional(),
  userId: z.string().optional(),
  host: z.string(),
  startedAt: z.iso.datetime(),
}

const BEGUN_RUN = z.object(BEGINNING)

/** The form of a file of the spool. */
export const RUN_RECORD = z.object({
  format: z.literal(FORMAT),
  ...BEGINNING,
  /** The job, if the server has acknowledged it. */
  jobId: z.uuid().optional(),
  endedAt: z.iso.datetime(),
  processingTimeMs: z.int().min(0),
  /** Null if the program succeeded. */
  errorMessage: z.string().nullable(),
  timedOut: z.boolean(),
  /** How it ended, in a few words. */
  reason: z.string(),
  output: z.object({
    exitCode: z.int().nullable(),
    signal: z.string().nullable(),
    stdout: z.string(),
    stderr: z.string(),
  }),
})

export type BegunRun = Readonly<z.infer<typeof BEGUN_RUN>>
export type RunRecord = Readonly<z.infer<typeof RUN_RECORD>>

/** A run that has ended. */
export function endedRun(begun: BegunRun, end: Omit<RunRecord, 'format' | keyof BegunRun>): RunRecord {
  return { format: FORMAT, ...begun, ...end }
}

/** The job of a run. `late`: it is made after the run, of which it then tells the end too. */
export function jobInput(run: BegunRun | RunRecord, late: boolean): CreateRunMutationVariables['input'] {
  return {
    content: run.content,
    ...(run.preset === undefined ? {} : { preset: run.preset }),
    ...(run.userId === undefined ? {} : { userId: run.userId }),
    idempotencyKey: run.key,
    runAt: NEVER,
    metadata: { ...timesOf(run), ...(late && { deliveredLate: true }) },
  }
}

/** What all transitions of a run say. */
export function transitionMetadata(run: BegunRun | RunRecord, late: boolean): Record<string, unknown> {
  return { run: run.key, ...timesOf(run), ...(late && { deliveredLate: true }) }
}

function timesOf(run: BegunRun | RunRecord): Record<string, string> {
  const { host, startedAt } = run
  return { host, startedAt, ...('endedAt' in run && { endedAt: run.endedAt }) }
}

/** The result of a run, as the mutations that end a job take it. */
export function resultInput(run: RunRecord, late: boolean): Omit<CompleteRunMutationVariables['input'], 'jobId'> {
  const { output, processingTimeMs, reason } = run
  return { output, processingTimeMs, reason, metadata: transitionMetadata(run, late) }
}
