// Delivers outcomes to the ledger: first that of this run, then those in the spool. An outcome
// stays in the spool until the server has accepted it or refused it permanently, so it survives
// crashes.
import type { RunFragment as RunJob } from '../../client/documents.generated.ts'
import type { RunRecord } from './runRecord.ts'
import { CredentialRefusedError, RunRefusedError, type RunReporter } from './runReporter.ts'
import type { SignalForwarder } from './signalForwarder.ts'
import type { Spool, SpooledRun } from './spool.ts'
import { SpoolError } from './spoolError.ts'
import { writeStderr } from './stderr.ts'

/** Time limit for the outcome of this run. */
const OWN_MS = 10_000
/** Time limit for all spooled outcomes; the next run delivers the rest. */
const SPOOLED_MS = 10_000
/** A single failure does not block other outcomes; this many failures stop the delivery. */
const MAX_FAILURES = 10

export interface Delivery {
  readonly reporter: RunReporter
  readonly spool: Spool
  /** Its signals end the delivery; the rest stays in the spool. */
  readonly signals: SignalForwarder
}

/**
 * Returns whether the server accepts outcomes from this credential in general. `job` is the last
 * known state of the job. Never rejects.
 */
export async function deliverOwn(record: RunRecord, job: RunJob | undefined, delivery: Delivery): Promise<boolean> {
  const spooled = await delivery.spool.add(record).catch((error: SpoolError) => error)
  const signal = delivery.signals.timeout(OWN_MS)
  const late = job?.state !== 'PROCESSING'
  const failure = await failureOf(delivery.reporter.finish(record, { late, signal }, job))
  if (!(spooled instanceof SpoolError)) {
    const path = await settle(spooled, failure, delivery.spool)
    if (path)
      writeStderr(`${failure?.message} The outcome is stored in ${path}; the next run for ${record.url} delivers it.`)
  } else if (failure) writeStderr(`the outcome is lost. ${failure.message} ${spooled.message}`)
  return failure instanceof CredentialRefusedError ? !failure.appliesToEveryRun : isReported(failure)
}

/** Delivers spooled outcomes of other runs for the same server. Never rejects. */
export async function deliverSpooled(own: RunRecord, { reporter, spool, signals }: Delivery): Promise<void> {
  const signal = signals.timeout(SPOOLED_MS)
  let failures = 0
  let refusal: CredentialRefusedError | undefined
  try {
    for await (const spooled of spool.claimAll(own.url, own.key)) {
      if ('fault' in spooled) {
        writeStderr(spooled.fault)
        continue
      }
      const failure = await failureOf(reporter.finish(spooled.record, { late: true, signal }))
      await settle(spooled, failure, spool)
      if (failure instanceof CredentialRefusedError) refusal = failure
      else if (!isReported(failure)) failures += 1
      if (signal.aborted || failures === MAX_FAILURES || refusal?.appliesToEveryRun) break
    }
  } catch (error) {
    writeStderr((error as Error).message)
  }
  if (refusal !== undefined)
    writeStderr(`${refusal.message} Outcomes of earlier runs wait in ${spool.dir} for another credential.`)
}

function failureOf(report: Promise<void>): Promise<Error | undefined> {
  return report.then(() => undefined).catch((error: Error) => error)
}

/** Whether the outcome needs no further delivery. */
function isReported(failure: Error | undefined): boolean {
  return failure === undefined || failure instanceof RunRefusedError
}

/**
 * Removes, refuses or returns the file of an outcome; resolves to its path if it stays in the
 * spool.
 */
async function settle(spooled: SpooledRun, failure: Error | undefined, spool: Spool): Promise<string | undefined> {
  try {
    if (failure === undefined) await spool.remove(spooled)
    else if (failure instanceof RunRefusedError)
      writeStderr(`${failure.message} The outcome is stored in ${await spool.refuse(spooled, failure.message)}.`)
    else return await spool.putBack(spooled)
  } catch (error) {
    writeStderr((error as Error).message)
  }
  return undefined
}
