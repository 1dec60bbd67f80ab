// The dashboard of a server that allows only small pages.
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itInChromium } from '../support/chromium.ts'
import { addSampleJobs, openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { exportedLines } from '../support/jobsPage.ts'

let dashboard: TestDashboard | undefined

const LIMIT = 3

beforeAll(async () => {
  const environment = { LIMIT_PAGE_SIZE: String(LIMIT), LIMIT_DEFAULT_PAGE_SIZE: '2' }
  dashboard = await openDashboard({ environment }).catch(() => undefined)
  if (dashboard) await addSampleJobs(dashboard.server)
})

afterAll(() => dashboard?.close())

const current = (): TestDashboard => dashboard as TestDashboard

async function numberOf(sql: string, ...values: string[]): Promise<number> {
  const { rows } = await current().server.database.pool.query<{ n: number }>(sql, values)
  return rows[0]?.n ?? 0
}

describe('the dashboard, where a page is limited to a few items,', () => {
  itInChromium('lists, counts new jobs and exports as many as there are', async () => {
    const page = await current().open('/jobs?userId=ada')
    const links = page.locator('.row-link')
    await links.first().waitFor()
    expect(await links.count()).toBe(LIMIT)
    const inputs = Array.from({ length: LIMIT + 1 }, (_, index) => ({ content: `new ${index}`, userId: 'ada' }))
    const create = 'mutation ($inputs: [CreateJobInput!]!) { createJobs(inputs: $inputs) { __typename } }'
    expect((await current().server.request(create, { inputs })).errors).toBeUndefined()
    await page.getByRole('button', { name: `${LIMIT} or more new jobs: show` }).waitFor()
    const lines = await exportedLines(page, 'NDJSON')
    const all = await numberOf("SELECT count(*)::int AS n FROM jobs WHERE user_id = 'ada' AND deleted_at IS NULL")
    expect(lines.length).toBe(all)
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  itInChromium('shows every record of a job', async () => {
    const [jobId = ''] = (
      await current().server.database.pool.query<{ id: string }>(
        'SELECT job_id::text AS id FROM job_states GROUP BY job_id HAVING count(*) > $1 LIMIT 1',
        [LIMIT],
      )
    ).rows.map(({ id }) => id)
    const page = await current().open(`/jobs/${jobId}`)
    await page.locator('.record').first().waitFor()
    const records = await numberOf('SELECT count(*)::int AS n FROM job_states WHERE job_id = $1', jobId)
    expect(await page.locator('.record').count()).toBe(records)
  })
})
