// The time that pages count durations to.
import { signal } from '@preact/signals'
import { SECOND } from './instants.ts'

/** The current time in milliseconds, once per second while the page is visible. */
export const now = signal(Date.now())

export function startClock(): void {
  setInterval(() => {
    if (document.visibilityState === 'visible') now.value = Date.now()
  }, SECOND)
}
