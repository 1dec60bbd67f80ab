// Visitors of a server that requires a credential: what each of two users sees of the other's jobs,
// and what happens when a token expires or the server is gone while a page is open.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itInChromium } from '../support/chromium.ts'
import { asUser, PROTECTED, tokenOf } from '../support/credentials.ts'
import { addSampleJobs, openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'
import { countOf, exportedLines, rowIds, signIn } from '../support/jobsPage.ts'
import { openTcpGate, type TcpGate } from '../support/tcpGate.ts'

let dashboard: TestDashboard | undefined
let gate: TcpGate

const USERS = ['ada', 'brandt'] as const
type User = (typeof USERS)[number]

beforeAll(async () => {
  dashboard = await openDashboard({ environment: PROTECTED }).catch(() => undefined)
  if (dashboard === undefined) return
  await addSampleJobs(dashboard.server)
  gate = await openTcpGate(Number(new URL(dashboard.server.url).port))
})

afterAll(async () => {
  await gate?.close()
  await dashboard?.close()
})

const current = (): TestDashboard => dashboard as TestDashboard

const secondsFromNow = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds

/** Tokens are accepted until then after they have expired. */
const LEEWAY_SECONDS = 60

/** Opens a page and signs in with a token of the user, which is accepted for `seconds`. */
async function openAs(user: User, path: string, { seconds = 3600, base = current().server.url } = {}): Promise<Page> {
  const page = await current().open(path)
  if (base !== current().server.url) await page.goto(`${base}/ui${path}`)
  await signIn(
    page,
    await tokenOf(user, { roles: ['USER'], claims: { exp: secondsFromNow(seconds - LEEWAY_SECONDS) } }),
  )
  await page.locator('.viewer', { hasText: `user:${user}` }).waitFor()
  return page
}

async function idsOf(user: User): Promise<string[]> {
  const sql = 'SELECT id::text FROM jobs WHERE user_id = $1 AND deleted_at IS NULL ORDER BY id DESC'
  const { rows } = await current().server.database.pool.query<{ id: string }>(sql, [user])
  return rows.map(({ id }) => id)
}

async function createJob(user: User): Promise<string> {
  const query = `mutation ($input: CreateJobInput!) {
    createJob(input: $input) { ... on CreateJobSuccess { job { jobId } } } }`
  const { data } = await current().server.request(query, { input: { content: 'new' } }, await asUser(user, 'USER'))
  return data.createJob.job.jobId
}

async function exportedIds(page: Page): Promise<string[]> {
  const lines = await exportedLines(page, 'NDJSON')
  return lines.map((line) => JSON.parse(line).jobId)
}

describe('a user', () => {
  itInChromium('sees only own jobs: in lists, counts, exports and at their addresses', async () => {
    for (const [user, other] of [USERS, USERS.toReversed()] as [User, User][]) {
      const own = await idsOf(user)
      const page = await openAs(user, '/jobs')
      await eventually(async () => expect(await rowIds(page)).toEqual(own.slice(0, 50)))
      await eventually(async () => expect(await countOf(page, 'All')).toBe(own.length))
      expect(await exportedIds(page)).toEqual(own)
      await page.goto(`${current().server.url}/ui/jobs?userId=${other}`)
      await page.locator('.empty, .notice-error').first().waitFor()
      expect(await page.locator('.row-link').count()).toBe(0)
      const [foreign] = await idsOf(other)
      await page.goto(`${current().server.url}/ui/jobs?ids=${foreign}`)
      await page.locator('.empty').waitFor()
      await page.goto(`${current().server.url}/ui/jobs/${foreign}`)
      await page.getByText('No job with this id exists, or you may not see it.').waitFor()
      await page.context().close()
    }
  })

  itInChromium('is notified of own new jobs only', async () => {
    const page = await openAs('ada', '/jobs')
    await rowIds(page)
    await page.getByText('Live', { exact: true }).waitFor()
    const before = await countOf(page, 'All')
    await createJob('brandt')
    await createJob('ada')
    await page.getByRole('button', { name: '1 new job: show' }).waitFor()
    await eventually(async () => expect(await countOf(page, 'All')).toBe(before + 1))
    await page.context().close()
  })

  itInChromium('signs in again when the token expires, and is at the same list', async () => {
    const page = await openAs('ada', '/jobs?presets=invoice-pdf&order=created_at.asc', { seconds: 25 })
    const rows = await rowIds(page)
    await page.getByText('Your session has ended').waitFor()
    expect(await page.locator('.row-link').count()).toBe(0)
    await signIn(page, await tokenOf('ada', { roles: ['USER'], claims: { exp: secondsFromNow(3600) } }))
    expect(await rowIds(page)).toEqual(rows)
    expect(page.url()).toMatch(/\/ui\/jobs\?presets=invoice-pdf&order=created_at\.asc$/)
    await page.context().close()
  })

  itInChromium('reads that the server is gone, and sees what is new when it is back', async () => {
    const [jobId = ''] = await idsOf('ada')
    const base = `http://127.0.0.1:${gate.port}`
    const page = await openAs('ada', '/jobs', { base })
    const rows = await rowIds(page)
    await page.getByText('Live', { exact: true }).waitFor()
    await gate.close()
    await page.getByText('Reconnecting…').waitFor()
    expect(await rowIds(page)).toEqual(rows)
    // Pages that are opened meanwhile have nothing to show yet.
    const fault = page.getByRole('alert').getByText('The server cannot be reached.')
    await page.locator('.row-link').first().click()
    await fault.waitFor()
    const created = await createJob('ada')
    await gate.open()
    await page.locator('.record').first().waitFor()
    expect([page.url(), await fault.count()]).toEqual([`${base}/ui/jobs/${jobId}`, 0])
    await gate.close()
    await page.goBack()
    await fault.waitFor()
    await gate.open()
    await eventually(async () => expect((await rowIds(page))[0]).toBe(created))
    await page.getByText('Live', { exact: true }).waitFor()
    expect(await fault.count()).toBe(0)
    expect(current().faults).toEqual([])
  })
})
