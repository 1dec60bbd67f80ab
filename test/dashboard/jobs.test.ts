// The page of jobs in Chromium, against a real server.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itInChromium } from '../support/chromium.ts'
import { addSampleJobs, openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'
import { countOf, exportedLines, rowIds } from '../support/jobsPage.ts'

let dashboard: TestDashboard | undefined

beforeAll(async () => {
  dashboard = await openDashboard().catch(() => undefined)
  if (dashboard) await addSampleJobs(dashboard.server)
})

afterAll(() => dashboard?.close())

const current = (): TestDashboard => dashboard as TestDashboard
const open = (path: string): Promise<Page> => current().open(path)

async function idsInDatabase(condition: string): Promise<string[]> {
  const sql = `SELECT id::text FROM jobs WHERE deleted_at IS NULL AND ${condition} ORDER BY id DESC`
  const { rows } = await current().server.database.pool.query<{ id: string }>(sql)
  return rows.map(({ id }) => id)
}

async function createJob(content: string, userId = 'ada'): Promise<string> {
  const query = `mutation ($input: CreateJobInput!) {
    createJob(input: $input) { ... on CreateJobSuccess { job { jobId } } } }`
  const { data } = await current().server.request(query, { input: { content, userId } })
  return data.createJob.job.jobId
}

describe('the page of jobs', () => {
  itInChromium('shows the jobs of a state with exact counts, and keeps the state in the address', async () => {
    const page = await open('/')
    await page.waitForURL('**/ui/jobs')
    await rowIds(page)
    await page.getByRole('link', { name: /^Failed/ }).click()
    await page.waitForURL('**/ui/jobs?state=FAILED')
    const failed = await idsInDatabase("state = 'FAILED'")
    await eventually(async () => expect(await rowIds(page)).toEqual(failed))
    expect(await countOf(page, 'Failed')).toBe(failed.length)
    expect(await countOf(page, 'All')).toBe((await idsInDatabase('true')).length)
    await page.reload()
    expect(await rowIds(page)).toEqual(failed)
    await page.goBack()
    await eventually(async () => expect((await rowIds(page)).length).toBe(50))
    expect(page.url()).toMatch(/\/ui\/jobs$/)
  })

  itInChromium('filters by user, preset, metadata and time together, also from a shared address', async () => {
    const page = await open('/jobs')
    await page.getByLabel('User', { exact: true }).fill('ada')
    await page.getByLabel('User', { exact: true }).press('Enter')
    await page.getByLabel('Preset', { exact: true }).fill('invoice-pdf, thumbnails')
    await page.getByLabel('Preset', { exact: true }).press('Enter')
    await page.getByLabel('Metadata contains').fill('source=web')
    await page.getByLabel('Metadata contains').press('Enter')
    await page.getByLabel('Created').selectOption('in the last 30 days')
    const expected = await idsInDatabase(
      `user_id = 'ada' AND preset IN ('invoice-pdf', 'thumbnails') AND metadata @> '{"source":"web"}'`,
    )
    expect(expected.length).toBeGreaterThan(0)
    await eventually(async () => expect(await rowIds(page)).toEqual(expected))
    expect(decodeURIComponent(new URL(page.url()).search)).toBe(
      '?userId=ada&presets=invoice-pdf,+thumbnails&metadata=source=web&createdAfter=-30d',
    )
    const shared = await open(page.url().split('/ui')[1] ?? '')
    expect(await rowIds(shared)).toEqual(expected)
    await shared.getByRole('link', { name: 'Clear filters' }).first().click()
    await eventually(async () => expect((await rowIds(shared)).length).toBe(50))
  })

  itInChromium('says which filter it cannot read, and shows the list without it', async () => {
    const page = await open('/jobs?metadata={')
    await page.getByText('Metadata contains must be a JSON object').waitFor()
    expect((await rowIds(page)).length).toBe(50)
  })

  itInChromium('walks through all pages and back without repeating or missing a job', async () => {
    const page = await open('/jobs')
    const pages = [await rowIds(page)]
    const turn = async (name: string): Promise<string[]> => {
      const [first] = await rowIds(page)
      await page.getByRole('link', { name }).click()
      return eventually(async () => {
        const ids = await rowIds(page)
        expect(ids[0]).not.toBe(first)
        return ids
      })
    }
    while (await page.getByRole('link', { name: 'Next' }).isVisible()) pages.push(await turn('Next'))
    expect(pages.flat()).toEqual(await idsInDatabase('true'))
    expect(await turn('Previous')).toEqual(pages.at(-2))
  })

  itInChromium('announces new jobs instead of moving rows, and updates rows in place', async () => {
    const page = await open('/jobs?userId=live')
    await page.getByText('No job matches.').waitFor()
    const first = await createJob('first', 'live')
    await eventually(async () => expect(await rowIds(page)).toEqual([first]))
    const second = await createJob('second', 'live')
    await page.getByRole('button', { name: '1 new job: show' }).waitFor()
    expect(await rowIds(page)).toEqual([first])
    const cancel = 'mutation ($id: ID!) { requestJobCancellation(input: { jobId: $id }) { __typename } }'
    await current().server.request(cancel, { id: first })
    await page.locator('tr', { hasText: 'Cancelled' }).waitFor()
    await eventually(async () => expect(await countOf(page, 'Cancelled')).toBe(1))
    expect(await rowIds(page)).toEqual([first])
    await page.getByRole('button', { name: '1 new job: show' }).click()
    await eventually(async () => expect(await rowIds(page)).toEqual([second, first]))
  })

  itInChromium('exports every job of the filter as CSV and as NDJSON', async () => {
    const page = await open('/jobs?userId=ada')
    const ids = await idsInDatabase("user_id = 'ada'")
    await rowIds(page)
    const [header, ...rows] = await exportedLines(page, 'Export CSV')
    expect(header?.split(',').slice(0, 3)).toEqual(['jobId', 'state', 'userId'])
    expect(rows.map((row) => row.split(',')[0])).toEqual(ids)
    expect((await exportedLines(page, 'NDJSON')).map((line) => JSON.parse(line).jobId)).toEqual(ids)
  })

  itInChromium('opens a job by a pasted id, and says what is not an id', async () => {
    const jobId = await createJob('to be found')
    const page = await open('/jobs')
    const find = page.getByLabel('Find a job by its id')
    await find.fill('report.pdf')
    await find.press('Enter')
    await page.getByText('This is not the id of a job').waitFor()
    await find.fill(`log: job ${jobId.toUpperCase()} failed`)
    await page.waitForURL(`**/ui/jobs/${jobId}`)
  })

  itInChromium('is used by keyboard alone', async () => {
    const page = await open('/jobs')
    const ids = await rowIds(page)
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).getByText('Next job of the list').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await page.keyboard.press('4')
    await page.waitForURL('**/ui/jobs?state=FAILED')
    await page.keyboard.press('0')
    await page.waitForURL('**/ui/jobs')
    await eventually(async () => expect(await rowIds(page)).toEqual(ids))
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/ui/jobs/${ids[1]}`)
    await page.keyboard.press('/')
    await page.keyboard.type('j')
    expect(await page.getByLabel('Find a job by its id').inputValue()).toBe('j')
  })

  itInChromium('reports no error and breaks no rule of the content security policy', async () => {
    expect(current().faults).toEqual([])
  })
})
