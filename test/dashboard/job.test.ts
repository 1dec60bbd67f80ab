// The page of a job in Chromium, against a real server.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itInChromium } from '../support/chromium.ts'
import { openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'

let dashboard: TestDashboard | undefined

beforeAll(async () => {
  dashboard = await openDashboard().catch(() => undefined)
})

afterAll(() => dashboard?.close())

const current = (): TestDashboard => dashboard as TestDashboard

async function ask(query: string, variables: object): Promise<Record<string, { job?: { jobId: string } }>> {
  const { data, errors } = await current().server.request(query, variables)
  expect(errors).toBeUndefined()
  return data
}

async function createJob(input: object = {}): Promise<string> {
  const query =
    'mutation ($input: CreateJobInput!) { made: createJob(input: $input) { ... on CreateJobSuccess { job { jobId } } } }'
  const { made } = await ask(query, { input: { content: 'report.pdf', userId: 'ada', ...input } })
  return made?.job?.jobId ?? ''
}

async function move(jobId: string, to: string, more: object = {}): Promise<void> {
  const query = 'mutation ($input: TransitionJobInput!) { transitionJob(input: $input) { ... on Error { message } } }'
  expect(await ask(query, { input: { jobId, to, ...more } })).toEqual({ transitionJob: {} })
}

async function fail(jobId: string, errorMessage: string): Promise<void> {
  await move(jobId, 'PROCESSING')
  const query = 'mutation ($input: FailJobInput!) { failJob(input: $input) { ... on Error { message } } }'
  expect(await ask(query, { input: { jobId, errorMessage } })).toEqual({ failJob: {} })
}

async function openJob(jobId: string): Promise<Page> {
  const page = await current().open(`/jobs/${jobId}`)
  await page.locator('.record').first().waitFor()
  return page
}

const standing = (page: Page): Promise<string | null> => page.locator('.standing').textContent()

/** Confirms the dialog of an action. */
async function confirm(page: Page, action: string, reason: string): Promise<void> {
  await page.getByRole('button', { name: action, exact: true }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Reason').fill(reason)
  await dialog.getByRole('button', { name: action, exact: true }).click()
}

/** State, actor and reason of the latest record. */
async function latestRecord(jobId: string): Promise<unknown> {
  const sql = 'SELECT new_state, actor, reason FROM job_states WHERE job_id = $1 ORDER BY sequence DESC LIMIT 1'
  return (await current().server.database.pool.query(sql, [jobId])).rows[0]
}

describe('the page of a job', () => {
  itInChromium('shows every record with its state, actor, reason, error, exact time and changed metadata', async () => {
    const jobId = await createJob({ maxAttempts: 1, metadata: { order: 7 } })
    await fail(jobId, 'No space left on device.')
    await move(jobId, 'PENDING', { reason: 'disk is larger now', metadata: { ticket: 'OPS-1' } })
    const page = await openJob(jobId)
    await eventually(async () => expect(await page.locator('.record').count()).toBe(4))
    const records = await page.locator('.record').allTextContents()
    expect(records[0]).toMatch(/^4Pendinguser:dev.*until nowdisk is larger nowMetadata: 1 change \(ticket\)/)
    expect(records[1]).toMatch(/^3Faileduser:dev.*for \d.* (?:ms|s).*No space left on device\.$/)
    const sql = 'SELECT previous_state_duration_ms AS ms FROM job_states WHERE job_id = $1 AND sequence = 4'
    const { rows } = await current().server.database.pool.query<{ ms: number }>(sql, [jobId])
    const ms = rows[0]?.ms ?? 0
    expect(records[1]).toContain(ms < 1000 ? `for ${ms} ms` : `${(ms / 1000).toFixed(3)} s`)
    expect(await page.locator('.facts').textContent()).toContain(
      'Attempt1 of 1, 1 leftReleases and retries by hand add attempts to the maximum.',
    )
    expect(await page.getByRole('region', { name: 'Metadata' }).locator('pre').textContent()).toContain('"order": 7')
    expect(await page.locator('.attempts tbody tr').allTextContents()).toEqual([
      expect.stringMatching(/^1user:dev.*FailedNo space left on device\.$/),
    ])
  })

  itInChromium('follows the job live: its state, its history and the sentence about it', async () => {
    const jobId = await createJob()
    const page = await openJob(jobId)
    expect(await standing(page)).toContain('Waits for its first attempt')
    await move(jobId, 'PROCESSING')
    await eventually(async () => expect(await standing(page)).toContain('user:dev has been working on it'))
    await move(jobId, 'COMPLETED', { reason: 'all pages done' })
    await eventually(async () => expect(await standing(page)).toContain('all pages done'))
    expect(await page.locator('.record').count()).toBe(3)
  })

  itInChromium('retries a failed job with the reason that it asks for', async () => {
    const jobId = await createJob()
    await fail(jobId, 'The address is missing.')
    const page = await openJob(jobId)
    expect(await standing(page)).toContain('The address is missing.')
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).click()
    await page.getByText('A reason is required').waitFor()
    await page.keyboard.press('Escape')
    await confirm(page, 'Retry', 'address added')
    await eventually(async () => expect(await standing(page)).toContain('Waits for another attempt'))
    expect(await latestRecord(jobId)).toEqual({ new_state: 'PENDING', actor: 'user:dev', reason: 'address added' })
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
  })

  itInChromium('says as a sentence that the job has changed since the dialog was opened', async () => {
    const jobId = await createJob()
    const page = await openJob(jobId)
    await page.getByRole('button', { name: 'Cancel', exact: true }).click()
    await move(jobId, 'PROCESSING')
    await page.getByLabel('Reason').fill('not needed')
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel', exact: true }).click()
    await page.getByText(/version/).waitFor()
    expect(await latestRecord(jobId)).toMatchObject({ new_state: 'PROCESSING' })
  })

  itInChromium('cancels a pending job, asks the worker of a running one to stop, releases and deletes', async () => {
    const jobId = await createJob()
    const page = await openJob(jobId)
    await move(jobId, 'PROCESSING')
    await page.getByRole('button', { name: 'Release' }).waitFor()
    await confirm(page, 'Request cancellation', 'ordered twice')
    await eventually(async () => expect(await standing(page)).toContain('Its cancellation was requested'))
    await confirm(page, 'Release', 'program is gone')
    await eventually(async () => expect(await standing(page)).toContain('Cancelled'))
    await confirm(page, 'Delete', 'test data')
    await eventually(async () => expect(await standing(page)).toContain('Deleted'))
    expect(await page.locator('.page-actions button').count()).toBe(0)
    expect(await latestRecord(jobId)).toMatchObject({ new_state: 'CANCELLED', reason: 'test data' })
    const other = await createJob()
    const second = await openJob(other)
    await confirm(second, 'Cancel', 'not needed')
    await eventually(async () => expect(await standing(second)).toContain('Cancelled'))
    expect(await latestRecord(other)).toMatchObject({ new_state: 'CANCELLED', reason: 'not needed' })
  })

  itInChromium(
    'shows content, metadata and output as they are stored: markup as text, numbers to the digit',
    async () => {
      const content = '<img src=x onerror=alert(1)>\n{"a": 1}'
      const jobId = await createJob({ content })
      await move(jobId, 'PROCESSING')
      const query = `mutation ($id: ID!) { completeJob(input: { jobId: $id,
      output: { price: 1234567890.12345678901, html: "<b>x</b>" } }) { ... on Error { message } } }`
      await ask(query, { id: jobId })
      const page = await openJob(jobId)
      expect(await page.getByRole('region', { name: 'Content' }).locator('pre').textContent()).toBe(content)
      await page.getByRole('button', { name: 'Show the output' }).click()
      const output = page.getByRole('region', { name: 'Result' }).locator('pre')
      await eventually(async () => expect(await output.textContent()).toContain('"<b>x</b>"'))
      const sql = "SELECT output ->> 'price' AS price FROM job_results WHERE job_id = $1"
      const { rows } = await current().server.database.pool.query<{ price: string }>(sql, [jobId])
      expect(await output.textContent()).toContain(`"price": ${rows[0]?.price}`)
    },
  )

  itInChromium('says that a job does not exist, and that an id is not one', async () => {
    const page = await current().open('/jobs/01a20000-0000-7000-8000-000000000000')
    await page.getByText('No job with this id exists').waitFor()
    const other = await current().open('/jobs/not-an-id')
    await other.getByRole('alert').waitFor()
    expect(await other.getByRole('alert').textContent()).toContain('id')
  })

  itInChromium('reports no error and breaks no rule of the content security policy', async () => {
    expect(current().faults).toEqual([])
  })
})
