import type { ReadonlySignal } from '@preact/signals'
import type { Interruption } from '../api/jobChanges.ts'

/** Whether the page follows changes. `interruption`: why it does not. */
export function LiveStatus({ interruption }: { readonly interruption: ReadonlySignal<Interruption | undefined> }) {
  const { value } = interruption
  if (value === undefined) return <span class="live">Live</span>
  return (
    <span class="live live-off" title={value.reason}>
      {value.isFinal ? 'Not live' : 'Reconnecting…'}
    </span>
  )
}
