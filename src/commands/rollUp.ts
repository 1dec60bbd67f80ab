// `jobledger rollup`: shows the state of the roll-up, or rebuilds it.
import { readConfig } from '../config.ts'
import { realignTransactionIds } from '../database/transactionOrder.ts'
import { listConsumers, MAX_COUNTED, readCheckpoint } from '../ledger/consumers.ts'
import { comparePositions } from '../ledger/eventOrder.ts'
import { headPosition } from '../ledger/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { ROLL_UP, resetRollUp, rollUp } from '../ledger/rollUp.ts'
import { BATCH } from '../rollup/rollUp.ts'
import { nextSignal } from './nextSignal.ts'
import { type CommandLedger, withLedger } from './withLedger.ts'

export interface RollUpCommandOptions {
  /** Clears the roll-up and aggregates the whole ledger again; otherwise prints its state. */
  readonly rebuild: boolean
}

/**
 * Safe while servers run. A signal ends it after the current batch; a server or the next call
 * resumes there.
 */
export async function rollUpCommand({ rebuild }: RollUpCommandOptions): Promise<void> {
  const config = readConfig()
  const signal = nextSignal()
  const work = async ({ ledger, database }: CommandLedger): Promise<void> => {
    // Otherwise restored records would be ahead of the horizon.
    if (rebuild) await realignTransactionIds(database.pool)
    if (rebuild) await rebuildRollUp(ledger, signal)
    await reportRollUp(ledger)
  }
  // A rebuild deletes the old sums in one transaction. Readers do not wait for it.
  await withLedger(config, work, rebuild ? { statementTimeoutMs: 0 } : {})
}

/** Rebuilds up to the current end of the ledger: writes may continue. */
async function rebuildRollUp(ledger: Ledger, signal: Promise<NodeJS.Signals>): Promise<void> {
  let isStopped = false
  void signal.then(() => {
    isStopped = true
  })
  const startedAt = performance.now()
  const end = await headPosition(ledger)
  await resetRollUp(ledger)
  let added = 0
  for (;;) {
    const count = await rollUp(ledger, BATCH)
    added += count
    if (count < BATCH || isStopped) break
    // A server may add batches at the same time.
    const checkpoint = await readCheckpoint(ledger, ROLL_UP)
    if (checkpoint && comparePositions(checkpoint, end) >= 0) break
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`${isStopped ? 'Stopped: added' : 'Added'} ${added} records to the roll-up in ${seconds} s.`)
}

async function reportRollUp(ledger: Ledger): Promise<void> {
  const state = (await listConsumers(ledger)).find(({ name }) => name === ROLL_UP)
  if (state === undefined) {
    console.log('The roll-up is empty and has no checkpoint: it starts at the first record.')
    return
  }
  const { checkpoint, updatedAt, lagRecords, lagSeconds } = state
  const lag = lagRecords === MAX_COUNTED ? `${MAX_COUNTED} or more` : String(lagRecords)
  console.log(
    `The roll-up includes all records up to record ${checkpoint.id} of transaction ` +
      `${checkpoint.transactionId} (updated at ${updatedAt.toISOString()}).`,
  )
  console.log(
    lagRecords === 0
      ? 'No records are waiting.'
      : `${lag} ${lagRecords === 1 ? 'record is' : 'records are'} waiting; the oldest is ${lagSeconds.toFixed(1)} s old.`,
  )
}
