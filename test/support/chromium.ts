// A real Chromium for what people see: that of the system, started without anything that reaches beyond this machine. Where there is
// none, tests that need it are skipped, and the run says so.
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

/** `it`, skipped where there is no Chromium. */
export const itInChromium = it.skipIf(executablePath === undefined)

/** The caller closes it. */
export async function openChromium(): Promise<Browser> {
  return chromium.launch({ ...(executablePath && { executablePath }), args: ARGS })
}
