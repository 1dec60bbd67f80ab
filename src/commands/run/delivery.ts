// Brings outcomes to the ledger: that of this run, then those that wait in the spool. Each is in the spool before it is told, and leaves
// it when the server has acknowledged it or refused it for good; so it survives whatever happens between.
import type { RunFragment as RunJob } from '../../client/documents.generated.ts'
import type { RunRecord } from './runRecord.ts'
import { CredentialRefusedError, RunRefusedError, type RunReporter } from './runReporter.ts'
import type { SignalForwarder } from './signalForwarder.ts'
import { type Spool, SpoolError, type SpooledRun } from './spool.ts'
import { writeStderr } from './stderr.ts'

/** For the outcome of this run. */
const OWN_MS = 10_000
/** For all those that wait: the rest is for the next run. */
const WAITING_MS = 10_000
/** An outcome that cannot be delivered now does not hold up the others; so many mean that none can be. */
const MAX_FAILURES = 10

export interface Delivery {
  readonly ledger: RunReporter
  readonly spool: Spool
  /** Its signals end the delivery; what is not delivered then, waits. */
  readonly relay: SignalForwarder
}

/** Whether the server takes outcomes from this credential, even if it refuses this one. `job` is what is known of the job of this run. Never rejects. */
export async function deliverOwn(record: RunRecord, job: RunJob | undefined, delivery: Delivery): Promise<boolean> {
  const spooled = await delivery.spool.add(record).catch((error: SpoolError) => error)
  const signal = delivery.relay.patience(OWN_MS)
  const late = job?.state !== 'PROCESSING'
  const failure = await failureOf(delivery.ledger.finish(record, { late, signal }, job))
  if (!(spooled instanceof SpoolError)) {
    const path = await settle(spooled, failure, delivery.spool)
    if (path)
      writeStderr(`${failure?.message} The outcome is kept in ${path}; the next run for ${record.url} delivers it.`)
  } else if (failure) writeStderr(`the outcome is lost. ${failure.message} ${spooled.message}`)
  return failure instanceof CredentialRefusedError ? !failure.isForAll : isReported(failure)
}

/** Delivers what runs for the same server have left, other than `own`. Never rejects. */
export async function deliverWaiting(own: RunRecord, { ledger, spool, relay }: Delivery): Promise<void> {
  const signal = relay.patience(WAITING_MS)
  let failures = 0
  let refusal: CredentialRefusedError | undefined
  try {
    for await (const spooled of spool.claimAll(own.url, own.key)) {
      if ('fault' in spooled) {
        writeStderr(spooled.fault)
        continue
      }
      const failure = await failureOf(ledger.finish(spooled.record, { late: true, signal }))
      await settle(spooled, failure, spool)
      if (failure instanceof CredentialRefusedError) refusal = failure
      else if (!isReported(failure)) failures += 1
      if (signal.aborted || failures === MAX_FAILURES || refusal?.isForAll) break
    }
  } catch (error) {
    writeStderr((error as Error).message)
  }
  if (refusal !== undefined)
    writeStderr(`${refusal.message} Outcomes of earlier runs wait in ${spool.dir} for another credential.`)
}

function failureOf(telling: Promise<void>): Promise<Error | undefined> {
  return telling.then(() => undefined).catch((error: Error) => error)
}

/** Whether it needs no telling any more. */
function isReported(failure: Error | undefined): boolean {
  return failure === undefined || failure instanceof RunRefusedError
}

/** What becomes of the file of an outcome; returns its path if it goes on waiting. */
async function settle(spooled: SpooledRun, failure: Error | undefined, spool: Spool): Promise<string | undefined> {
  try {
    if (failure === undefined) await spool.remove(spooled)
    else if (failure instanceof RunRefusedError)
      writeStderr(`${failure.message} The outcome is kept in ${await spool.refuse(spooled, failure.message)}.`)
    else return await spool.putBack(spooled)
  } catch (error) {
    writeStderr((error as Error).message)
  }
  return undefined
}
