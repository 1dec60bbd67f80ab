import type { ReadonlySignal } from '@preact/signals'

/** Whether the page follows changes. `interruption`: why it does not. */
export function LiveStatus({ interruption }: { readonly interruption: ReadonlySignal<string | undefined> }) {
  const reason = interruption.value
  return (
    <span class={reason === undefined ? 'live' : 'live live-off'} title={reason}>
      {reason === undefined ? 'Live' : 'Reconnecting…'}
    </span>
  )
}
