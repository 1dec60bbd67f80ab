// Tests of pages in the Chromium of the system, with all features off that connect to other
// machines. Without Chromium these tests are skipped with a warning.
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { it } from 'vitest'

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = PATHS.find((path) => existsSync(path))

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

if (executablePath === undefined)
  console.warn(`!!! SKIPPED: tests in Chromium, because none of ${PATHS.join(', ')} exists.`)

/** `it`, skipped without Chromium. */
export const itInChromium = it.skipIf(executablePath === undefined)

/** The caller must close it. */
export async function openChromium(): Promise<Browser> {
  return chromium.launch({ ...(executablePath && { executablePath }), args: ARGS })
}
