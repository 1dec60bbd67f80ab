// The pages Activity, Statistics, Operations and Bulk actions with 200,000 jobs. PostgreSQL
// provides what they must show.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { cursorOf } from '../../../bench/cases/cursors.ts'
import { filters } from '../../../bench/cases/filtered.ts'
import { deepLists, type List } from '../../../bench/cases/listed.ts'
import { untilRolledUp } from '../../../bench/rolledUp.ts'
import { BUSY_USER } from '../../../bench/rows.ts'
import { itInChromium } from '../../support/chromium.ts'
import type { TestDashboard } from '../../support/dashboard.ts'
import { eventually } from '../../support/eventually.ts'
import { exportedLines, goTo, noRows, rowIds } from '../../support/jobsPage.ts'
import { expectNumbers, numbersOfRecords } from '../../support/statisticsPage.ts'

const PAGE = 50
const DEPTH = 500_000

/** The address that shows a list of records of the benchmark. */
function addressOf({ variables }: List): string {
  const { filter = {} } = variables as { filter?: Record<string, unknown> }
  const names: Readonly<Record<string, string>> = { after: 'timeAfter', before: 'timeBefore' }
  const parameters = Object.entries(filter).map(([name, value]) => [names[name] ?? name, String(value)])
  return `/ui/records?${new URLSearchParams(parameters)}`
}

/** The server must have the data set of the benchmark. */
export function testOtherPages(dashboard: () => TestDashboard): void {
  let page: Page

  beforeAll(async () => {
    page = await dashboard()?.open('/records')
  })
  afterAll(() => page?.context().close())

  const pool = () => dashboard().server.database.pool
  const jobsOf = async ({ from, orderBy }: Pick<List, 'from' | 'orderBy'>, offset = 0, limit: number | 'ALL' = PAGE) =>
    (
      await pool().query<{ id: string }>(
        `SELECT job_id::text AS id FROM ${from} ORDER BY ${orderBy} OFFSET ${offset} LIMIT ${limit}`,
      )
    ).rows.map(({ id }) => id)

  describe('the activity of 200,000 jobs', () => {
    itInChromium('shows for each filter the rows of SQL', async () => {
      const client = await pool().connect()
      const lists = (await filters(client as never).finally(() => client.release())).filter(
        ({ cursor }) => cursor === 'records',
      )
      expect(lists.length).toBeGreaterThan(5)
      for (const list of lists) {
        const expected = await jobsOf(list)
        await page.evaluate(goTo, addressOf(list))
        const shown = async () => (expected.length === 0 ? noRows(page) : rowIds(page))
        await eventually(async () => expect([list.title, await shown()]).toEqual([list.title, expected]))
      }
    })

    itInChromium('turns deep pages forwards and backwards, and keeps the page through a reload', async () => {
      const list = deepLists().find(({ cursor }) => cursor === 'records') as List
      const { key, from, orderBy } = list
      const { rows } = await pool().query<Record<string, unknown>>(
        `SELECT ${key.join(', ')} FROM ${from} ORDER BY ${orderBy} OFFSET ${DEPTH - 1} LIMIT 1`,
      )
      const cursor = cursorOf('records', 'desc', Object.values(rows[0] ?? {}))
      await page.evaluate(goTo, `/ui/records?after=${cursor}`)
      const isAt = (offset: number) =>
        eventually(async () => expect(await rowIds(page)).toEqual(await jobsOf(list, offset)))
      await isAt(DEPTH)
      await page.locator('a[rel="next"]').click()
      await isAt(DEPTH + PAGE)
      await page.reload()
      await isAt(DEPTH + PAGE)
      await page.locator('a[rel="prev"]').click()
      await isAt(DEPTH)
    })

    itInChromium('exports all records of a filter', async () => {
      const where = `new_state = 'FAILED' AND job_id IN (SELECT id FROM jobs WHERE user_id = '${BUSY_USER}')`
      const orderBy = '"timestamp" DESC, id DESC'
      await page.evaluate(goTo, `/ui/records?userId=${BUSY_USER}&newStates=FAILED`)
      await rowIds(page)
      const lines = await exportedLines(page, 'NDJSON')
      expect(lines.length).toBeGreaterThan(1000)
      expect(lines.map((line) => JSON.parse(line).jobId)).toEqual(
        await jobsOf({ from: `job_states WHERE ${where}`, orderBy }, 0, 'ALL'),
      )
    })
  })

  describe('the statistics of 200,000 jobs', () => {
    itInChromium('are the numbers of the records, of all users and of one', async () => {
      await untilRolledUp(pool())
      for (const [query, condition] of [
        ['', 'true'],
        [`&userId=${BUSY_USER}`, `user_id = '${BUSY_USER}'`],
      ] as const) {
        const address = `/statistics?from=-40d&to=${new Date().toISOString()}&bucket=DAY&view=table${query}`
        await page.goto(`${dashboard().server.url}/ui${address}`)
        await page.locator('.stats[aria-busy="false"]').waitFor()
        await expectNumbers(page, await numbersOfRecords(pool(), 'day', condition))
      }
    })
  })

  describe('the operations of 200,000 jobs', () => {
    itInChromium('are shown with the numbers of SQL', async () => {
      await untilRolledUp(pool())
      const { rows } = await pool().query<{ n: number; oldest: string }>(`SELECT
        (SELECT count(*)::int FROM jobs WHERE state = 'PROCESSING' AND deleted_at IS NULL) AS n,
        (SELECT id::text FROM jobs WHERE state = 'PENDING' AND deleted_at IS NULL ORDER BY run_at, id LIMIT 1) AS oldest`)
      const { n = 0, oldest } = rows[0] ?? {}
      await page.goto(`${dashboard().server.url}/ui/operations`)
      const queue = page.getByRole('region', { name: 'Queue' })
      const count = n < 10_000 ? n.toLocaleString('en') : '10,000 or more'
      await queue.getByRole('link', { name: count, exact: true }).first().waitFor()
      const due = queue.getByRole('link', { name: /^has waited/ })
      expect(await due.getAttribute('href')).toBe(`/ui/jobs/${oldest}`)
      await page
        .getByRole('row', { name: /rollup/ })
        .getByText('up to date')
        .waitFor()
      expect(dashboard().faults).toEqual([])
    })
  })

  describe('a bulk action on many of 200,000 jobs', () => {
    itInChromium('retries all that match, and no other job', async () => {
      const createdAfter = new Date(Date.now() - 5 * 86_400_000).toISOString()
      const ofList = `FROM jobs WHERE user_id = '${BUSY_USER}' AND state = 'FAILED' AND deleted_at IS NULL
        AND created_at >= '${createdAfter}'`
      const ids = (await pool().query<{ id: string }>(`SELECT id ${ofList} ORDER BY id`)).rows.map(({ id }) => id)
      expect(ids.length).toBeGreaterThan(100)
      await page.goto(`${dashboard().server.url}/ui/jobs?userId=${BUSY_USER}&state=FAILED&createdAfter=${createdAfter}`)
      await page.getByRole('button', { name: `Act on all ${ids.length.toLocaleString('en')} jobs…` }).click()
      await page.getByLabel('Reason').fill('disk replaced')
      await page.getByRole('button', { name: 'Dry run' }).click()
      await page.getByLabel('To confirm').fill(String(ids.length))
      await page.getByRole('button', { name: `Retry ${ids.length.toLocaleString('en')} jobs` }).click()
      await page.locator('.bulk-line').getByText('Completed', { exact: true }).waitFor()
      const { rows } = await pool().query<{ id: string; state: string }>(
        `SELECT job_id AS id, new_state::text AS state FROM job_states WHERE reason = 'disk replaced' ORDER BY job_id`,
      )
      expect(rows).toEqual(ids.map((id) => ({ id, state: 'PENDING' })))
    })
  })
}
