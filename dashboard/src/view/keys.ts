// Keyboard shortcuts. Each component binds its own while it is shown; the dialog of the key `?`
// lists them.
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

export interface Shortcut {
  /** The value of `KeyboardEvent.key`. */
  readonly key: string
  readonly label: string
  run(): void
}

const bound = signal<readonly (readonly Shortcut[])[]>([])

export function shortcuts(): readonly Shortcut[] {
  return bound.value.flat()
}

/** `shortcuts` may be a new list for each rendering. */
export function useShortcuts(list: readonly Shortcut[]): void {
  useEffect(() => {
    bound.value = [...bound.value, list]
    return () => {
      bound.value = bound.value.filter((other) => other !== list)
    }
  })
}

export function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    if (document.querySelector('dialog[open]') !== null) return
    const shortcut = shortcuts().findLast(({ key }) => key === event.key)
    if (shortcut === undefined) return
    event.preventDefault()
    shortcut.run()
  })
}

/** Whether keys are text for the element. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')
}
