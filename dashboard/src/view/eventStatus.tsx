import type { ReadonlySignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { type DelayFragment, EventDelayDocument } from '../api/documents.generated.ts'
import type { Interruption } from '../api/jobChanges.ts'
import { Polled } from '../api/polled.ts'
import { request } from '../api/request.ts'
import { announce } from './announcements.tsx'
import { roughDuration, SECOND } from './instants.ts'
import { LiveStatus } from './liveStatus.tsx'

/** Transactions that are open for less time are usual. */
const MIN_SECONDS = 5

/**
 * Whether a page follows the events of the ledger, or waits for them because a transaction is open.
 * `interruption`: why it does not follow them.
 */
export function EventStatus({ interruption }: { readonly interruption: ReadonlySignal<Interruption | undefined> }) {
  const delay = useMemo(
    () => new Polled(async (signal) => (await request(EventDelayDocument, {}, { signal })).eventDelay),
    [],
  )
  useEffect(() => {
    void delay.load()
    return () => delay.stop()
  }, [delay])
  const { seconds = 0, transaction = null } = (delay.error.value === undefined && delay.state.value) || {}
  const isWaiting = interruption.value === undefined && seconds >= MIN_SECONDS
  useEffect(() => {
    if (isWaiting) announce('The page waits for an open transaction.')
  }, [isWaiting])
  if (!isWaiting) return <LiveStatus interruption={interruption} />
  return (
    <span class="live live-off">
      Waiting for a transaction that has been open for {roughDuration(seconds * SECOND)}
      {transactionWords(transaction)}
    </span>
  )
}

/** Which transaction it is, in parentheses; empty if that is not known. */
export function transactionWords(transaction: DelayFragment['transaction']): string {
  if (transaction === null) return ''
  const { pid, application, database } = transaction
  const words = [pid === null ? 'prepared' : `process ${pid}`, application, `database ${database}`]
  return ` (${words.filter((word) => word !== '').join(', ')})`
}
