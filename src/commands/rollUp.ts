// `jobledger rollup`: shows how far the roll-up is, or rebuilds it.
import { readConfig } from '../config.ts'
import { realignTransactionIds } from '../database/transactionOrder.ts'
import { listConsumers, MAX_COUNTED, readCheckpoint } from '../ledger/consumers.ts'
import { comparePositions } from '../ledger/eventOrder.ts'
import { headPosition } from '../ledger/events.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { emptyRollUp, ROLL_UP, rollUp } from '../ledger/rollUp.ts'
import { BATCH } from '../rollup/rollUp.ts'
import { nextSignal } from './nextSignal.ts'
import { requireShown } from './output.ts'
import { type CommandLedger, withLedger } from './withLedger.ts'

export interface RollUpCommandOptions {
  /** Empties it and adds up the whole ledger again; otherwise its state is printed. */
  readonly rebuild: boolean
}

/** Servers may run meanwhile. A signal ends it behind the portion that is being added; a server, or the next call, goes on there. */
export async function rollUpCommand({ rebuild }: RollUpCommandOptions): Promise<void> {
  if (!rebuild) requireShown()
  const config = readConfig()
  const signal = nextSignal()
  const work = async ({ ledger, database }: CommandLedger): Promise<void> => {
    // Otherwise records that a restore brought along would be ahead of the horizon.
    if (rebuild) await realignTransactionIds(database.pool)
    if (rebuild) await rebuildRollUp(ledger, signal)
    await reportRollUp(ledger)
  }
  // A rebuild deletes the old sums in one transaction. Readers do not wait for it.
  await withLedger(config, work, rebuild ? { statementTimeoutMs: 0 } : {})
}

/** Up to where the ledger is now: others may go on writing. */
async function rebuildRollUp(ledger: Ledger, signal: Promise<NodeJS.Signals>): Promise<void> {
  let isStopped = false
  void signal.then(() => {
    isStopped = true
  })
  const since = performance.now()
  const end = await headPosition(ledger)
  await emptyRollUp(ledger)
  let added = 0
  for (;;) {
    const count = await rollUp(ledger, BATCH)
    added += count
    if (count < BATCH || isStopped) break
    // A server that runs meanwhile adds portions too.
    const place = await readCheckpoint(ledger, ROLL_UP)
    if (place && comparePositions(place, end) >= 0) break
  }
  const seconds = ((performance.now() - since) / 1000).toFixed(1)
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
    `The roll-up includes all records up to record ${checkpoint.id} of transaction ${checkpoint.transactionId} (updated at ${updatedAt.toISOString()}).`,
  )
  console.log(
    lagRecords === 0
      ? 'No records are waiting.'
      : `${lag} ${lagRecords === 1 ? 'record is' : 'records are'} waiting; the oldest is ${lagSeconds.toFixed(1)} s old.`,
  )
}
