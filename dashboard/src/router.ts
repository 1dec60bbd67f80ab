// The address of the page. Everything that a page shows is in it, so that reload, back, forward and
// a shared link show the same.
import { signal } from '@preact/signals'
import { BASE, type ParameterChanges, urlWith } from './paths.ts'

export interface Address {
  /** Below /ui, such as /jobs. */
  readonly path: string
  readonly query: URLSearchParams
}

export const address = signal(currentAddress())

function currentAddress(): Address {
  const { pathname, search } = window.location
  return { path: pathname.slice(BASE.length).replace(/\/+$/, '') || '/', query: new URLSearchParams(search) }
}

export function navigate(url: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', url)
  else history.pushState(null, '', url)
  address.value = currentAddress()
}

/**
 * Changes parameters of the page that is shown now, which an event just before may have changed.
 */
export function changeParameters(changes: ParameterChanges): void {
  const { path, query } = address.value
  navigate(urlWith(BASE + path, query, changes))
}

/** Follows links below /ui without loading the page, and the buttons of the browser. */
export function startRouter(): void {
  window.addEventListener('popstate', () => {
    address.value = currentAddress()
  })
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (link === null || event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    if (link.origin !== location.origin || link.target !== '' || link.hasAttribute('download')) return
    if (!link.pathname.startsWith(`${BASE}/`) || link.hash !== '') return
    event.preventDefault()
    navigate(link.href)
  })
}
