// The dashboard of a server with sample jobs, in Chromium. The caller must close it.
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { randomFrom } from '../../src/commands/seed/random.ts'
import { sampleJobs } from '../../src/commands/seed/sampleJobs.ts'
import { writeJobs } from '../../src/commands/seed/writeJobs.ts'
import { openChromium } from './chromium.ts'
import { buildDashboard } from './dashboardBuild.ts'
import { startTestServer, type TestServer, type TestServerOptions } from './server.ts'

export interface TestDashboard {
  readonly server: TestServer
  /** What pages have reported: errors, and what the content security policy has refused. */
  readonly faults: readonly string[]
  /**
   * Opens a page of the dashboard, such as `/jobs`, in a context of its own or in the given one.
   */
  open(path: string, options?: BrowserContextOptions | BrowserContext): Promise<Page>
  close(): Promise<void>
}

const WAIT_MS = 60_000

export async function openDashboard(options: TestServerOptions = {}): Promise<TestDashboard> {
  const build = await buildDashboard()
  const server = await startTestServer({ dashboardFolder: build.folder, ...options })
  const browser: Browser = await openChromium()
  const faults: string[] = []
  return {
    server,
    faults,
    async open(path, given = {}) {
      const context = 'newPage' in given ? given : await browser.newContext({ timezoneId: 'UTC', ...given })
      const page = await context.newPage()
      page.setDefaultTimeout(WAIT_MS)
      page.on('pageerror', (error) => faults.push(error.message))
      page.on('console', (message) => {
        // A response with an error status is what some tests are about.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
          faults.push(message.text())
      })
      await page.goto(`${server.url}/ui${path}`)
      return page
    },
    async close() {
      await browser.close()
      await server.close()
      await build.remove()
    },
  }
}

/** Adds the sample jobs of `npm run seed`, the same ones each time, as if it were `now`. */
export async function addSampleJobs({ database }: TestServer, now = Date.now()): Promise<void> {
  const random = randomFrom(1)
  const client = await database.pool.connect()
  try {
    await writeJobs(client, sampleJobs(now, random), random)
  } finally {
    client.release()
  }
}
