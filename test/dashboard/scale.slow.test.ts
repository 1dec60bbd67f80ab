// The dashboard with 200,000 jobs: every filter and order, deep pages, exact counts, exports.
// PostgreSQL provides the expected rows.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, vi } from 'vitest'
import { cursorOf } from '../../bench/cases/cursors.ts'
import { filters } from '../../bench/cases/filtered.ts'
import { deepLists, type List } from '../../bench/cases/listed.ts'
import { untilRolledUp } from '../../bench/rolledUp.ts'
import { BUSY_USER } from '../../bench/rows.ts'
import { ORDERS } from '../../dashboard/src/jobs/listAddress.ts'
import { itInChromium } from '../support/chromium.ts'
import { openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'
import { countOf, exportedLines, goTo, noRows, rowIds } from '../support/jobsPage.ts'
import { type LargeLedger, startLargeLedger } from '../support/largeLedger.ts'
import { testOtherPages } from './scale/otherPages.ts'

// Loading the rows takes time on a loaded machine.
vi.setConfig({ hookTimeout: 300_000, testTimeout: 240_000 })

const JOBS = 200_000
const PAGE = 50
const DEPTH = 150_000

let ledger: LargeLedger | undefined
let dashboard: TestDashboard | undefined
let page: Page

beforeAll(async () => {
  ledger = await startLargeLedger({ jobs: JOBS })
  const environment = { ROLLUP_INTERVAL_SECONDS: '1', BULK_INTERVAL_SECONDS: '1' }
  dashboard = await openDashboard({ databaseUrl: ledger.url, environment }).catch(() => undefined)
  if (dashboard) page = await dashboard.open('/jobs')
})

afterAll(async () => {
  await dashboard?.close()
  await ledger?.stop()
})

const current = (): TestDashboard => dashboard as TestDashboard

async function query<Row extends object>(sql: string): Promise<Row[]> {
  return (await current().server.database.pool.query<Row>(sql)).rows
}

interface Rows {
  readonly from: string
  readonly orderBy: string
  readonly offset?: number
  readonly limit?: number
}

async function idsInDatabase({ from, orderBy, offset = 0, limit = PAGE }: Rows): Promise<string[]> {
  const rows = await query<{ id: string }>(
    `SELECT id::text FROM ${from} ORDER BY ${orderBy} OFFSET ${offset} LIMIT ${limit}`,
  )
  return rows.map(({ id }) => id)
}

/** The address that shows a list of the benchmark. */
function addressOf({ variables }: List): string {
  const { filter = {}, orderBy } = variables as {
    filter?: Record<string, unknown>
    orderBy: { field: string; direction: string }
  }
  const { states = [], ...fields } = filter as { states?: string[] }
  const parameters = new URLSearchParams(states.map((state) => ['state', state]))
  for (const [name, value] of Object.entries(fields) as [string, unknown][])
    parameters.set(name, typeof value === 'object' && !Array.isArray(value) ? JSON.stringify(value) : String(value))
  parameters.set('order', `${orderBy.field}.${orderBy.direction}`.toLowerCase())
  return `/jobs?${parameters}`
}

async function show(address: string): Promise<string[]> {
  await page.goto(`${current().server.url}/ui${address}`)
  return rowIds(page)
}

const BY_ID: Rows = { from: 'jobs WHERE deleted_at IS NULL', orderBy: 'id DESC' }

describe('the list of 200,000 jobs', () => {
  itInChromium('shows for each filter and order the rows of SQL', async () => {
    const client = await current().server.database.pool.connect()
    const lists = await filters(client as never).finally(() => client.release())
    const ofJobs = [...lists, ...deepLists()].filter(({ cursor }) => cursor.startsWith('jobs.'))
    expect(ofJobs.length).toBeGreaterThan(30)
    for (const list of ofJobs) {
      const expected = await idsInDatabase(list)
      await page.evaluate(goTo, `/ui${addressOf(list)}`)
      const shown = async () => (expected.length === 0 ? noRows(page) : rowIds(page))
      await eventually(async () => expect([list.title, await shown()]).toEqual([list.title, expected]))
    }
  })

  itInChromium('turns deep pages forwards and backwards in each order', async () => {
    for (const { field, direction } of ORDERS) {
      const { key, orderBy, from } = deepList(field, direction)
      const [last] = await query<Record<string, unknown>>(
        `SELECT ${key.join(', ')} FROM ${from} ORDER BY ${orderBy} OFFSET ${DEPTH - 1} LIMIT 1`,
      )
      const isAscending = direction === 'ASC'
      const cursor = cursorOf(`jobs.${field}`, isAscending ? 'asc' : 'desc', Object.values(last ?? {}))
      const at = (offset: number) => idsInDatabase({ from, orderBy, offset })
      const order = `${field}.${direction}`.toLowerCase()
      expect([order, await show(`/jobs?order=${order}&after=${cursor}`)]).toEqual([order, await at(DEPTH)])
      await page.locator('a[rel="next"]').click()
      await eventually(async () => expect(await rowIds(page)).toEqual(await at(DEPTH + PAGE)))
      await page.locator('a[rel="prev"]').click()
      await eventually(async () => expect(await rowIds(page)).toEqual(await at(DEPTH)))
    }
  })

  itInChromium('ends with the oldest jobs', async () => {
    const [{ count = 0 } = {}] = await query<{ count: number }>(`SELECT count(*)::int AS count FROM ${BY_ID.from}`)
    const [before = ''] = await idsInDatabase({ ...BY_ID, offset: count - PAGE - 11, limit: 1 })
    await show(`/jobs?after=${cursorOf('jobs.CREATED_AT', 'desc', [before])}`)
    await page.locator('a[rel="next"]').click()
    const last = await idsInDatabase({ ...BY_ID, offset: count - 10 })
    await eventually(async () => expect(await rowIds(page)).toEqual(last))
    expect(await page.locator('a[rel="next"]').count()).toBe(0)
  })

  itInChromium('counts exactly, and follows an action on a job', async () => {
    const filter = `user_id = '${BUSY_USER}' AND deleted_at IS NULL`
    await show(`/jobs?userId=${BUSY_USER}&state=FAILED`)
    const counts = await query<{ state: string; count: number }>(
      `SELECT state, count(*)::int AS count FROM jobs WHERE ${filter} GROUP BY state`,
    )
    const expected = new Map(counts.map(({ state, count }) => [state, count]))
    for (const [state, count] of expected)
      await eventually(async () => expect([state, await countOf(page, title(state))]).toEqual([state, count]))
    const list = page
    page = await current().open(`/jobs/${(await rowIds(list))[0]}`, page.context())
    await page.getByRole('button', { name: 'Retry' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Reason').fill('try again')
    await dialog.getByRole('button', { name: 'Retry' }).click()
    await page.getByText('Waits for another attempt').waitFor()
    const [failed = 0, pending = 0] = [expected.get('FAILED'), expected.get('PENDING')]
    // A hidden page follows no changes.
    await list.bringToFront()
    await eventually(async () => expect(await countOf(list, 'Failed')).toBe(failed - 1))
    expect(await countOf(list, 'Pending')).toBe(pending + 1)
    await page.close()
    page = list
  })

  itInChromium('exports all jobs of a filter', async () => {
    const from = `jobs WHERE deleted_at IS NULL AND user_id = '${BUSY_USER}' AND state = 'FAILED'`
    await show(`/jobs?userId=${BUSY_USER}&state=FAILED`)
    const lines = await exportedLines(page, 'NDJSON')
    expect(lines.length).toBeGreaterThan(1000)
    expect(lines.map((line) => JSON.parse(line).jobId)).toEqual(
      await idsInDatabase({ from, orderBy: 'id DESC', limit: JOBS }),
    )
  })

  itInChromium('keeps filters, order and page through reload, back and forward', async () => {
    await show(`/jobs?userId=${BUSY_USER}`)
    await page.getByLabel('Not state').fill('COMPLETED')
    await page.getByLabel('Not state').press('Enter')
    await page.getByLabel('Order').selectOption('Last changed first')
    await page.locator('a[rel="next"]').click()
    await page.waitForURL(/after=/)
    const state = async () => ({
      url: page.url(),
      rows: await rowIds(page),
      user: await page.getByLabel('User', { exact: true }).inputValue(),
      notState: await page.getByLabel('Not state').inputValue(),
      order: await page.getByLabel('Order').inputValue(),
    })
    await eventually(async () => expect(await page.getByRole('link', { name: 'First page' }).count()).toBe(1))
    const from = `jobs WHERE deleted_at IS NULL AND user_id = '${BUSY_USER}' AND state <> 'COMPLETED'`
    const expected = await idsInDatabase({ from, orderBy: 'updated_at DESC, id DESC', offset: PAGE })
    await eventually(async () => expect(await rowIds(page)).toEqual(expected))
    const before = await state()
    expect([before.user, before.notState]).toEqual([BUSY_USER, 'COMPLETED'])
    await page.reload()
    expect(await state()).toEqual(before)
    await page.goBack()
    await page.goBack()
    await eventually(async () => expect((await state()).order).toBe('0'))
    await page.goForward()
    await page.goForward()
    await eventually(async () => expect(await state()).toEqual(before))
  })

  itInChromium('is shown within 10 seconds', async () => {
    const { pool } = current().server.database
    await untilRolledUp(pool)
    const times: number[] = []
    for (let visit = 0; visit < 5; visit += 1) {
      const visitor = await current().open('/jobs')
      await visitor.locator('.row-link').first().waitFor()
      times.push(Math.round(await visitor.evaluate(() => performance.now())))
      await visitor.context().close()
    }
    console.log(`First list of ${JOBS} jobs, with an empty cache: ${times.join(', ')} ms.`)
    // The target is a second; a busy machine takes longer.
    expect(Math.min(...times)).toBeLessThan(10_000)
    expect(current().faults).toEqual([])
  })
})

testOtherPages(current)

const title = (state: string): string => `${state[0]}${state.slice(1).toLowerCase()}`

function deepList(field: string, direction: string): List {
  const name = `${field.replace('_AT', '')}-${direction}`.toLowerCase()
  return deepLists().find((list) => list.name === name) as List
}
