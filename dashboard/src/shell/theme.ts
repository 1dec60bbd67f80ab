// Light or dark: as in the settings of the system, unless the visitor chose one in this browser.
import { signal } from '@preact/signals'

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'jobledger.theme'

export const theme = signal<Theme>(storedTheme())

function storedTheme(): Theme {
  try {
    return THEMES.find((name) => name === localStorage.getItem(KEY)) ?? 'system'
  } catch {
    // Storage is switched off.
    return 'system'
  }
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = theme.value
}

export function chooseNextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system'
  applyTheme()
  try {
    localStorage.setItem(KEY, theme.value)
  } catch {
    // It lasts until the page is closed.
  }
}
