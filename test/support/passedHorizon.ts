// Transactions in any database of the server, also those of other tests, hold back the visible
// transaction id (xmin). A test of events from now on, or of a complete roll-up, must wait here
// first.
import { expect } from 'vitest'
import { headPosition } from '../../src/ledger/events.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { eventually } from './eventually.ts'

const TIMEOUT_MS = 30_000

/** Resolves when consumers can read all existing records, and the head position is after them. */
export async function passedHorizon(ledger: Ledger): Promise<void> {
  const { _max: last } = await ledger.prisma.jobStateRecord.aggregate({ _max: { transactionId: true } })
  await eventually(
    async () => expect((await headPosition(ledger)).transactionId).toBeGreaterThan(last.transactionId ?? -1n),
    TIMEOUT_MS,
  )
}
