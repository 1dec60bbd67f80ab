// The horizon of a ledger is that of the whole database server: transactions of other databases, such as those of other tests, hold it
// back too. A test that says what comes from now on, or that the roll-up is at the end, waits here first.
import { expect } from 'vitest'
import { headPosition } from '../../src/ledger/events.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { eventually } from './eventually.ts'

const PATIENCE_MS = 30_000

/** Resolves when all records that are there now lie below the horizon: consumers read them, and "now" lies behind them. */
export async function passedHorizon(ledger: Ledger): Promise<void> {
  const { _max: last } = await ledger.prisma.jobStateRecord.aggregate({ _max: { transactionId: true } })
  await eventually(
    async () => expect((await headPosition(ledger)).transactionId).toBeGreaterThan(last.transactionId ?? -1n),
    PATIENCE_MS,
  )
}
