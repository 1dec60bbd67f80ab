// The dashboard while much happens, and while the server is gone.
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itInChromium } from '../support/chromium.ts'
import { openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { fixedPort } from '../support/fixedPort.ts'
import { startTestServer } from '../support/server.ts'

let dashboard: TestDashboard | undefined
let database: TestDatabase
let port: number

beforeAll(async () => {
  port = await fixedPort()
  database = await createTestDatabase()
  const options = { databaseUrl: database.url, environment: { PORT: String(port) } }
  dashboard = await openDashboard(options).catch(() => undefined)
})

afterAll(async () => {
  await dashboard?.close()
  await database.drop()
})

const current = (): TestDashboard => dashboard as TestDashboard

const JOBS = 10_000
const BATCH = 1000

declare const longTasks: { longestMs: number }

/** In the browser: records the longest task that kept the page from responding. */
function watchLongTasks(): void {
  const found = Object.assign(window, { longTasks: { longestMs: 0 } }).longTasks
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) found.longestMs = Math.max(found.longestMs, duration)
  }).observe({ type: 'longtask' })
}

describe('the dashboard', () => {
  itInChromium(
    'asks the API about once per second while 10,000 events arrive, and then shows all of them',
    async () => {
      const page = await current().open('/jobs')
      await page.getByText('There are no jobs yet.').waitFor()
      const activity = await current().open('/records')
      await activity.getByText('There are no records yet.').waitFor()
      let requests = 0
      for (const each of [page, activity]) {
        await each.evaluate(watchLongTasks)
        await each.getByText('Live', { exact: true }).waitFor()
        each.on('request', () => {
          requests += 1
        })
      }
      const startedAt = performance.now()
      const query = 'mutation ($inputs: [CreateJobInput!]!) { createJobs(inputs: $inputs) { __typename } }'
      for (let count = 0; count < JOBS; count += BATCH) {
        const inputs = Array.from({ length: BATCH }, (_, index) => ({ content: `job ${count + index}`, userId: 'ada' }))
        expect((await current().server.request(query, { inputs })).errors).toBeUndefined()
      }
      const pending = page.locator('.tab', { hasText: 'Pending' }).locator('.count')
      await eventually(async () => expect(await pending.textContent()).toBe('10,000'), 60_000)
      await page.getByRole('button', { name: '100 or more new jobs: show' }).waitFor()
      await activity.getByRole('button', { name: '100 or more new records: show' }).click()
      const newest = async () => activity.locator('.record-rows .content').first().textContent()
      await eventually(async () => expect(await newest()).toBe(`job ${JOBS - 1}`))
      expect(await activity.locator('.record-rows tbody tr').count()).toBe(50)
      // Of each update: counts, rows, new jobs, new records. At first the pages are empty, and load
      // their rows.
      const seconds = (performance.now() - startedAt) / 1000
      expect(requests).toBeLessThan(4 * seconds + 25)
      for (const each of [page, activity]) {
        const longest = await each.evaluate(() => Math.round(longTasks.longestMs))
        console.log(`The longest task of ${each.url()} while ${JOBS} events arrived: ${longest} ms.`)
        // The target is 200 ms; a busy machine takes longer.
        expect(longest).toBeLessThan(2000)
      }
    },
  )

  itInChromium('says that it is interrupted while the server is gone, and shows what has changed since', async () => {
    const { server } = current()
    const { data } = await server.request('{ jobs(first: 1) { nodes { jobId } } }')
    const { jobId } = data.jobs.nodes[0]
    const page = await current().open(`/jobs/${jobId}`)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.locator('.record').first().waitFor()
    await server.close()
    await page.getByText('Reconnecting…').waitFor()
    const again = await startTestServer({ databaseUrl: database.url, environment: { PORT: String(port) } })
    try {
      const cancel = 'mutation ($id: ID!) { requestJobCancellation(input: { jobId: $id }) { __typename } }'
      await again.request(cancel, { id: jobId })
      await page.locator('.standing', { hasText: 'Cancelled' }).waitFor()
      await page.getByText('Live', { exact: true }).waitFor()
      expect(await page.locator('.record').count()).toBe(2)
    } finally {
      await again.close()
    }
  })
})
