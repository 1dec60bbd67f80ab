// The keys of a list whose rows are links.
import type { Shortcut } from './keys.ts'

/** `noun`: what a row is. */
export function listKeys(noun: string, showNewer: () => void): Shortcut[] {
  return [
    { key: 'j', label: `Next ${noun} of the list`, run: () => moveFocus(1) },
    { key: 'k', label: `Previous ${noun} of the list`, run: () => moveFocus(-1) },
    { key: 'n', label: 'Next page', run: () => followLink('next') },
    { key: 'p', label: 'Previous page', run: () => followLink('prev') },
    { key: 'r', label: `Show new ${noun}s`, run: showNewer },
  ]
}

/** Moves the focus among the links of the rows; Enter then opens the job. */
function moveFocus(step: number): void {
  const links = [...document.querySelectorAll<HTMLElement>('a.row-link')]
  const index = links.indexOf(document.activeElement as HTMLElement)
  const next = index === -1 ? links.at(step > 0 ? 0 : -1) : links[index + step]
  next?.focus()
  next?.scrollIntoView({ block: 'nearest' })
}

function followLink(rel: string): void {
  document.querySelector<HTMLElement>(`a[rel="${rel}"]`)?.click()
}
