// The page of statistics in Chromium, against a real server: its numbers, and what it does with
// them.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itInChromium } from '../support/chromium.ts'
import { addSampleJobs, openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'
import { jobIn } from '../support/factories.ts'
import { type BucketSize, expectNumbers, NOTHING, numbersOfRecords } from '../support/statisticsPage.ts'

let dashboard: TestDashboard | undefined

beforeAll(async () => {
  dashboard = await openDashboard().catch(() => undefined)
  if (dashboard) await addSampleJobs(dashboard.server)
})

afterAll(() => dashboard?.close())

const current = (): TestDashboard => dashboard as TestDashboard

async function open(path: string, options = {}): Promise<Page> {
  const page = await current().open(`/statistics${path}`, options)
  await shown(page)
  return page
}

const shown = (page: Page) => page.locator('.stats[aria-busy="false"]').waitFor()

const inRecords = (size: BucketSize, condition?: string) =>
  numbersOfRecords(current().server.database.pool, size, condition)

const chart = (page: Page, name: string) => page.getByRole('slider', { name, exact: true })

const total = (page: Page, name: string) =>
  page.locator('.chart-row', { has: page.getByRole('heading', { name, exact: true }) }).locator('.chart-numbers a')

/** The number of jobs in the list that a click has opened: the sum of the chosen states. */
async function listedJobs(page: Page): Promise<number> {
  return eventually(async () => {
    const texts = await page.locator('.tab[aria-current="page"] .count').allTextContents()
    expect(texts.join('')).toMatch(/^[\d,]+$/)
    return texts.reduce((sum, text) => sum + Number(text.replaceAll(',', '')), 0)
  })
}

/** What a chart says of the bucket that is pointed at. */
async function saidBy(page: Page, name: string): Promise<string> {
  return (await chart(page, name).getAttribute('aria-valuetext')) ?? ''
}

/** The start of the bucket whose jobs are listed. */
function listedStart(page: Page): string {
  const names = ['createdAfter', 'startedAfter', 'completedAfter']
  return names.map((name) => new URL(page.url()).searchParams.get(name)).find((value) => value !== null) ?? ''
}

const NAMES = ['Created', 'Started', 'Completed', 'Failed', 'Cancelled', 'Waiting time', 'Processing time'] as const

describe('the page of statistics', () => {
  const SPANS = [
    { name: 'the last 30 days by day', query: '?from=-30d', size: 'day', condition: 'true' },
    { name: 'the last 7 days by hour', query: '?from=-7d', size: 'hour', condition: 'true' },
    {
      name: 'the last hour by minute, of a user',
      query: '?from=-1h&userId=ada',
      size: 'minute',
      condition: "user_id = 'ada'",
    },
    {
      name: 'presets and a state',
      query: '?from=-30d&presets=invoice-pdf,thumbnails&state=COMPLETED',
      size: 'day',
      condition: "preset IN ('invoice-pdf', 'thumbnails') AND state = 'COMPLETED'",
    },
  ] as const
  for (const { name, query, size, condition } of SPANS) {
    itInChromium(`shows the numbers of the records: ${name}`, async () => {
      // Ends now, and stays there.
      const page = await open(`${query}&to=${new Date().toISOString()}&view=table`)
      await expectNumbers(page, await inRecords(size, condition))
      const failed = await page.locator('.stats-table tfoot td').nth(3).textContent()
      await page.getByRole('link', { name: 'As charts' }).click()
      expect(await total(page, 'Failed').textContent()).toBe(failed)
      await page.context().close()
    })
  }

  itInChromium('lists on a click exactly the jobs that were created in the bucket', async () => {
    const page = await open('?from=-30d')
    const plot = chart(page, 'Created').locator('.u-over')
    const box = await plot.boundingBox()
    const buckets = Number(await chart(page, 'Created').getAttribute('aria-valuemax')) + 1
    const x = ((box?.width ?? 0) * (buckets - 18.5)) / buckets
    await plot.hover({ position: { x, y: 20 } })
    const pointed = page.locator('.chart-pointed').first()
    await eventually(async () => expect(await pointed.textContent()).toMatch(/\d/))
    const count = Number(await pointed.textContent())
    await plot.click({ position: { x, y: 20 } })
    await page.waitForURL('**/ui/jobs?*')
    const { searchParams } = new URL(page.url())
    const [after, before] = [searchParams.get('createdAfter') ?? '', searchParams.get('createdBefore') ?? '']
    expect(after).toMatch(/T00:00:00.000Z$/)
    expect(Date.parse(before) - Date.parse(after)).toBe(86_400_000)
    expect((await inRecords('day')).get(after)?.[0]).toBe(String(count))
    expect(await listedJobs(page)).toBe(count)
    await page.goBack()
    await shown(page)
  })

  itInChromium('lists the jobs of each series by keyboard, as many as the bucket has', async () => {
    const jobs = { PENDING: 1, PROCESSING: 2, COMPLETED: 4, FAILED: 3, CANCELLED: 5 } as const
    for (const [state, count] of Object.entries(jobs))
      for (let n = 0; n < count; n += 1)
        await jobIn(current().server.ledger, state as keyof typeof jobs, { userId: 'once' })
    for (const name of NAMES) {
      const page = await open('?userId=once&from=-24h&bucket=hour')
      await chart(page, name).focus()
      await page.keyboard.press('Home')
      await page.keyboard.press('End')
      const said = await saidBy(page, name)
      await page.keyboard.press('Enter')
      await page.waitForURL('**/ui/jobs?*userId=once*')
      const records = (await inRecords('hour', "user_id = 'once'")).get(listedStart(page)) ?? NOTHING
      const [created = 0, started = 0, completed = 0, failed = 0, cancelled = 0] = records.map(Number)
      const counts = { Created: created, Started: started, Completed: completed, Failed: failed, Cancelled: cancelled }
      const expected = { ...counts, 'Waiting time': started, 'Processing time': completed + failed }[name]
      expect([name, await listedJobs(page)]).toEqual([name, expected])
      if (name in counts) expect(said).toMatch(new RegExp(`^\\w+ \\d\\d, \\d\\d:00–\\d\\d:00.*: ${expected}$`))
      else expect(said).toContain('median')
      await page.context().close()
    }
  })

  itInChromium('reports no error and breaks no rule of the content security policy', async () => {
    expect(current().faults).toEqual([])
  })
})
