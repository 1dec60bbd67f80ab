// Says what has changed to people who cannot see it.
import { signal } from '@preact/signals'

const text = signal('')

/** Replaces an announcement that has not been spoken yet. */
export function announce(message: string): void {
  text.value = message
}

export function Announcements() {
  return (
    <div class="visually-hidden" role="status" aria-live="polite">
      {text}
    </div>
  )
}
