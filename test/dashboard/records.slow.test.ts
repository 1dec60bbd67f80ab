// The pages of activity and of an actor in Chromium, against a real server.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itInChromium } from '../support/chromium.ts'
import { PROTECTED, tokenOf } from '../support/credentials.ts'
import { addSampleJobs, openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'
import { jobCreatedAt } from '../support/factories.ts'
import { countOf, exportedLines, signIn } from '../support/jobsPage.ts'
import { onServer } from '../support/testRun.ts'

let dashboard: TestDashboard | undefined

beforeAll(async () => {
  dashboard = await openDashboard().catch(() => undefined)
  if (dashboard) await addSampleJobs(dashboard.server)
})

afterAll(() => dashboard?.close())

const current = (): TestDashboard => dashboard as TestDashboard

/** The job ids of the records that are shown. */
async function shownJobs(page: Page): Promise<string[]> {
  await page.locator('.record-rows[aria-busy="false"] tbody tr').first().waitFor()
  return page.locator('.record-rows .id').allTextContents()
}

/** The job ids of the records that match, in the order of the page. */
async function recordedJobs(condition: string, parameters: readonly unknown[] = []): Promise<string[]> {
  const sql = `SELECT s.job_id::text AS id FROM job_states s JOIN jobs j ON j.id = s.job_id
    WHERE ${condition} ORDER BY s.timestamp DESC, s.id DESC`
  const { rows } = await current().server.database.pool.query<{ id: string }>(sql, [...parameters])
  return rows.map(({ id }) => id)
}

async function createJob(userId: string, headers: Record<string, string> = {}, server = current().server) {
  const query = `mutation ($input: CreateJobInput!) {
    createJob(input: $input) { ... on CreateJobSuccess { job { jobId } } } }`
  const { data } = await server.request(query, { input: { content: `of ${userId}`, userId } }, headers)
  return data.createJob.job.jobId as string
}

describe('the page of activity', () => {
  itInChromium('shows all records, newest first, page by page in both directions', async () => {
    const all = await recordedJobs('true')
    const page = await current().open('/jobs')
    await page.getByRole('link', { name: 'Activity' }).click()
    expect(await shownJobs(page)).toEqual(all.slice(0, 50))
    expect(await page.getByRole('link', { name: 'Previous' }).count()).toBe(0)
    await page.getByRole('link', { name: 'Next' }).click()
    await eventually(async () => expect(await shownJobs(page)).toEqual(all.slice(50, 100)))
    await page.reload()
    expect(await shownJobs(page)).toEqual(all.slice(50, 100))
    await page.getByRole('link', { name: 'Previous' }).click()
    await eventually(async () => expect(await shownJobs(page)).toEqual(all.slice(0, 50)))
    await page.goBack()
    await eventually(async () => expect(await shownJobs(page)).toEqual(all.slice(50, 100)))
  })

  itInChromium('filters by each field, and keeps the filters in the address', async () => {
    const page = await current().open('/records')
    for (const [label, value] of [
      ['User', 'ada'],
      ['To state', 'failed, cancelled'],
      ['From state', 'processing'],
    ] as const) {
      await page.getByLabel(label, { exact: true }).fill(value)
      await page.getByLabel(label, { exact: true }).press('Enter')
    }
    const condition = `j.user_id = 'ada' AND s.previous_state = 'PROCESSING' AND s.new_state IN ('FAILED', 'CANCELLED')`
    const matching = (await recordedJobs(condition)).slice(0, 50)
    expect(matching.length).toBeGreaterThan(0)
    await eventually(async () => expect(await shownJobs(page)).toEqual(matching))
    await page.reload()
    expect(await shownJobs(page)).toEqual(matching)
    const jobId = matching[0] as string
    await page.goto(`${current().server.url}/ui/records?jobId=${jobId}`)
    expect(await shownJobs(page)).toEqual(await recordedJobs('j.id = $1', [jobId]))
    await page.goto(`${current().server.url}/ui/records?timeAfter=-3d&timeBefore=-1d`)
    const between = await recordedJobs(`s.timestamp BETWEEN now() - interval '3 days' AND now() - interval '1 day'`)
    const shown = await shownJobs(page)
    expect(shown.length).toBe(Math.min(50, between.length))
    expect(between).toEqual(expect.arrayContaining(shown))
    await page.getByRole('link', { name: 'Clear filters' }).click()
    await page.waitForURL('**/ui/records')
  })

  itInChromium('exports every record of the filter as CSV and as NDJSON', async () => {
    const jobId = await createJob('ada')
    const cancel = 'mutation ($input: TransitionJobInput!) { transitionJob(input: $input) { __typename } }'
    // A spreadsheet would run this.
    const reason = '=1+1, "or so"'
    const input = { jobId, to: 'CANCELLED', reason, metadata: { tries: 3 } }
    const { data } = await current().server.request(cancel, { input })
    expect(data.transitionJob.__typename).toBe('TransitionJobSuccess')
    const page = await current().open('/records?userId=ada')
    const jobIds = await recordedJobs(`j.user_id = 'ada'`)
    expect(jobIds.length).toBeGreaterThan(50)
    await shownJobs(page)
    const [header, cancelled, ...rows] = await exportedLines(page, 'Export CSV')
    expect(header).toBe(
      'timestamp,jobId,userId,sequence,previousState,newState,previousStateDurationMs,actor,reason,error,metadata',
    )
    expect(cancelled).toMatch(/,ada,2,PENDING,CANCELLED,\d+,user:dev,"'=1\+1, ""or so""",,"\{""tries"":3\}"$/)
    expect(rows.map((row) => row.split(',')[1])).toEqual(jobIds.slice(1))
    const records = (await exportedLines(page, 'NDJSON')).map((line) => JSON.parse(line))
    expect(records.map((record) => record.jobId)).toEqual(jobIds)
    expect(records[0]).toMatchObject({ userId: 'ada', newState: 'CANCELLED', reason })
  })

  itInChromium('is used by keyboard alone', async () => {
    const all = await recordedJobs('true')
    const page = await current().open('/records')
    await shownJobs(page)
    await page.keyboard.press('n')
    await eventually(async () => expect(await shownJobs(page)).toEqual(all.slice(50, 100)))
    await page.keyboard.press('p')
    await eventually(async () => expect(await shownJobs(page)).toEqual(all.slice(0, 50)))
    await page.keyboard.press('f')
    await page.keyboard.type('key:')
    expect(await page.getByLabel('Actor', { exact: true }).inputValue()).toBe('key:')
    await page.getByLabel('Actor', { exact: true }).fill('')
    await page.keyboard.press('Escape')
    await page.locator('h1').click()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/ui/jobs/${all[1]}`)
  })

  itInChromium('announces new records that match, and moves rows only when they are asked for', async () => {
    const page = await current().open('/records?userId=ada')
    await page.getByText('Live', { exact: true }).waitFor()
    const before = await shownJobs(page)
    await createJob('someone-else')
    const jobId = await createJob('ada')
    await page.getByRole('button', { name: '1 new record: show' }).waitFor()
    expect(await page.locator('.record-rows .id').allTextContents()).toEqual(before)
    await page.getByRole('button', { name: '1 new record: show' }).click()
    await eventually(async () => expect((await shownJobs(page))[0]).toBe(jobId))
    expect(current().faults).toEqual([])
  })
})

describe('the page of an actor', () => {
  itInChromium('shows what it did and what it holds, and is linked from lists and jobs', async () => {
    const sql = `SELECT state_actor AS actor, count(*)::int AS held FROM jobs
      WHERE state = 'PROCESSING' AND deleted_at IS NULL GROUP BY 1 ORDER BY 2 LIMIT 1`
    const { rows } = await current().server.database.pool.query<{ actor: string; held: number }>(sql)
    const { actor, held } = rows[0] as { actor: string; held: number }
    const page = await current().open(`/jobs?state=PROCESSING&actor=${encodeURIComponent(actor)}`)
    await page.getByRole('link', { name: actor, exact: true }).first().click()
    await page.getByRole('heading', { level: 1, name: actor, exact: true }).waitFor()
    expect(new URL(page.url()).pathname).toBe(`/ui/actors/${encodeURIComponent(actor)}`)
    expect(await shownJobs(page)).toEqual((await recordedJobs('s.actor = $1', [actor])).slice(0, 50))
    await page.locator('.held li').first().waitFor()
    expect(await page.locator('.held li').count()).toBe(held)
    expect(await countOf(page, 'Processing')).toBe(held)
    await page.locator('.tab', { hasText: 'Processing' }).click()
    await page.waitForURL((url) => url.pathname === '/ui/jobs' && url.searchParams.get('actor') === actor)
    await page.locator('.row-link').first().click()
    await page.locator('.record').getByRole('link', { name: actor, exact: true }).first().click()
    await page.getByRole('heading', { level: 1, name: actor, exact: true }).waitFor()
    expect(current().faults).toEqual([])
  })

  itInChromium('opens for names with any characters', async () => {
    for (const name of ['key:a/b?c#d%20e', '<b>ü</b> & "q"', 'a'.repeat(200)]) {
      const page = await current().open(`/actors/${encodeURIComponent(name)}`)
      await page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
      await page.getByText('It has no records that you may see.').waitFor()
      await page.getByText('It holds no job.').waitFor()
      await page.context().close()
    }
    expect(current().faults).toEqual([])
  })
})

describe('activity, where visitors sign in,', () => {
  let guarded: TestDashboard | undefined

  beforeAll(async () => {
    guarded = await openDashboard({ environment: PROTECTED }).catch(() => undefined)
  })
  afterAll(() => guarded?.close())

  itInChromium('shows a USER only the records of its own jobs, also those of an actor', async () => {
    const { server, open } = guarded as TestDashboard
    const admin = { authorization: `Bearer ${await tokenOf('root', { roles: ['ADMIN'] })}` }
    const own = await createJob('ada', admin, server)
    const other = await createJob('grace', admin, server)
    const page = await open('/records')
    await signIn(page, await tokenOf('ada', { roles: ['USER'] }))
    expect(await shownJobs(page)).toEqual([own])
    expect((await exportedLines(page, 'NDJSON')).map((line) => JSON.parse(line).jobId)).toEqual([own])
    await page.getByRole('link', { name: /root/ }).first().click()
    await page.getByRole('heading', { name: 'Latest records' }).waitFor()
    expect(await shownJobs(page)).toEqual([own])
    expect(await page.content()).not.toContain(other)
  })

  itInChromium('says how long it waits for an open transaction, and only to operators for which one', async () => {
    const { server, open } = guarded as TestDashboard
    const visit = async (path: string, role: 'USER' | 'AUDITOR') => {
      const page = await open(path)
      await signIn(page, await tokenOf('ada', { roles: [role] }))
      return page
    }
    const [own, all] = [await visit('/records', 'USER'), await visit('/jobs', 'AUDITOR')]
    for (const page of [own, all]) await page.getByText('Live', { exact: true }).waitFor()
    const pid = await onServer(server.databaseUrl, async (client) => {
      await client.query("SET application_name = 'left open'; BEGIN; SELECT pg_current_xact_id()")
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      await jobCreatedAt(server.ledger, new Date(Date.now() - 3_600_000))
      const waiting = 'Waiting for a transaction that has been open for 1 h'
      await own.getByText(new RegExp(`^${waiting}[^(]*$`)).waitFor()
      const which = `(process ${rows[0]?.pid}, left open, database ${new URL(server.databaseUrl).pathname.slice(1)})`
      await all.locator('.live', { hasText: waiting }).filter({ hasText: which }).waitFor()
      await all.goto(`${server.url}/ui/operations`)
      await all.getByText(`Live pages and consumers wait for an open transaction ${which}.`, { exact: true }).waitFor()
      await client.query('ROLLBACK')
      return rows[0]?.pid
    })
    expect(await own.content()).not.toContain(`process ${pid}`)
    await own.getByText('Live', { exact: true }).waitFor()
  })
})
