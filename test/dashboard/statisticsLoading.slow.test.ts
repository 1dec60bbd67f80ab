// The page of statistics in Chromium: how its files and its numbers are loaded, and for whom.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import type { Role } from '../../src/access/roles.ts'
import { itInChromium } from '../support/chromium.ts'
import { PROTECTED, tokenOf } from '../support/credentials.ts'
import { addSampleJobs, openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'

let dashboard: TestDashboard | undefined

beforeAll(async () => {
  dashboard = await openDashboard({ environment: PROTECTED }).catch(() => undefined)
  if (dashboard) await addSampleJobs(dashboard.server)
})

afterAll(() => dashboard?.close())

const current = (): TestDashboard => dashboard as TestDashboard

/** Opens a page as a visitor who signs in. */
async function openAs(name: string, role: Role, path: string): Promise<Page> {
  const page = await current().open(path)
  await page.getByLabel('Token or API key').fill(await tokenOf(name, { roles: [role], claims: { exp: 4_102_444_800 } }))
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.locator('.viewer').waitFor()
  return page
}

const totals = (page: Page): Promise<string[]> => page.locator('.chart-numbers a').allTextContents()

async function createdJobs(condition: string): Promise<string> {
  const { rows } = await current().server.database.pool.query(`SELECT count(*) AS n FROM jobs WHERE ${condition}`)
  return rows[0].n
}

/** The files that the page has loaded: name and compressed size. */
const loadedFiles = (page: Page): Promise<{ name: string; bytes: number }[]> =>
  page.evaluate(() => {
    const entries = performance.getEntries() as PerformanceResourceTiming[]
    const files = entries.filter(({ entryType }) => ['navigation', 'resource'].includes(entryType))
    return files
      .filter(({ name }) => !name.endsWith('/graphql') && !name.endsWith('/session'))
      .map(({ name, encodedBodySize }) => ({ name, bytes: encodedBodySize }))
  })

describe('the page of statistics', () => {
  itInChromium('loads its charts only when it is opened, and at most 100 kB in all', async () => {
    const page = await openAs('auditor', 'AUDITOR', '/jobs')
    await page.locator('.row-link').first().waitFor()
    expect((await loadedFiles(page)).filter(({ name }) => name.includes('statistics'))).toEqual([])
    await page.getByRole('link', { name: 'Statistics' }).click()
    await page.locator('.u-over').first().waitFor()
    const files = await loadedFiles(page)
    expect(files.filter(({ name }) => name.includes('statistics')).length).toBeGreaterThanOrEqual(2)
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    expect(bytes).toBeGreaterThan(30_000)
    expect(bytes).toBeLessThan(100_000)
    await page.context().close()
  })

  itInChromium('offers a reload if the server no longer has its files', async () => {
    const page = await openAs('auditor', 'AUDITOR', '/jobs')
    await page.route('**/assets/statisticsPage-*.js', (route) => route.fulfill({ status: 404 }))
    await page.getByRole('link', { name: 'Statistics' }).click()
    await page.getByText('The page could not be loaded.').waitFor()
    await page.unroute('**/assets/statisticsPage-*.js')
    await page.getByRole('button', { name: 'Reload' }).click()
    await page.locator('.u-over').first().waitFor()
    await page.context().close()
  })

  itInChromium('says why it has no numbers or old ones, and is current again by itself', async () => {
    const page = await openAs('auditor', 'AUDITOR', '/jobs')
    await page.route('**/graphql', (route) => route.abort())
    await page.getByRole('link', { name: 'Statistics' }).click()
    await page.getByRole('alert').getByText('The server cannot be reached.').waitFor()
    await page.unroute('**/graphql')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('Live', { exact: true }).waitFor()
    await page.locator('.u-over').first().waitFor()
    await page.route('**/graphql', (route) => route.abort())
    await page.getByText('Reconnecting…').waitFor()
    expect(await page.locator('.u-over').count()).toBe(7)
    await page.locator('.stats-controls select').first().selectOption('Last 7 days')
    await page.getByRole('alert').getByText('The server cannot be reached.').waitFor()
    expect(await page.locator('.u-over').count()).toBe(0)
    await page.unroute('**/graphql')
    await page.locator('.u-over').first().waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    await page.context().close()
  })

  itInChromium('counts all jobs for an auditor, and for a user only its own', async () => {
    for (const [name, role, condition] of [
      ['auditor', 'AUDITOR', 'true'],
      ['ada', 'USER', "user_id = 'ada'"],
    ] as const) {
      const page = await openAs(name, role, '/statistics?from=-60d')
      const created = await createdJobs(condition)
      await eventually(async () => expect([name, (await totals(page))[0]]).toEqual([name, created]))
      await page.goto(`${current().server.url}/ui/statistics?from=-60d&userId=brandt`)
      const others =
        role === 'USER' ? 'Nothing happened in this time' : `${await createdJobs("user_id = 'brandt'")} created`
      await page.locator('.stats', { hasText: others }).waitFor()
      await page.context().close()
    }
  })

  itInChromium('reports no error and breaks no rule of the content security policy', async () => {
    expect(current().faults).toEqual([])
  })
})
