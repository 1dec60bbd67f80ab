// What a person does who has never seen the dashboard: finds out which jobs of one user failed last
// week, why, and who retried one of them, and retries the rest. Only what the pages show is used.
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

const ERRORS = ['The address is missing.', 'No space left on device.', 'The template has no field "vat".']

const current = (): TestDashboard => dashboard as TestDashboard

async function send(query: string, input: object): Promise<Record<string, { job: { jobId: string } }>> {
  const document = `mutation ($input: ${query}Input!) { done: ${query[0]?.toLowerCase()}${query.slice(1)}(input: $input) {
    ... on Error { message } ... on ${query === 'CreateJob' ? 'CreateJobSuccess' : 'TransitionJobSuccess'} { job { jobId } } } }`
  const { data, errors } = await current().server.request(document, { input })
  expect(errors).toBeUndefined()
  return data
}

/** A job of the user that failed with the error. */
async function failedJob(userId: string, errorMessage: string): Promise<string> {
  const { done } = await send('CreateJob', { content: `invoice of ${userId}`, userId })
  const jobId = done?.job.jobId ?? ''
  await send('TransitionJob', { jobId, to: 'PROCESSING', reason: 'claimed' })
  await send('FailJob', { jobId, errorMessage })
  return jobId
}

async function retryOnPage(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Retry' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Reason').fill('address corrected')
  await dialog.getByRole('button', { name: 'Retry' }).click()
  await page.getByText('Waits for another attempt').waitFor()
}

describe('a person who has never seen the dashboard', () => {
  itInChromium('finds the failed jobs of a user, why they failed, who retried one, and retries the rest', async () => {
    for (const error of ERRORS) await failedJob('ada', error)
    await failedJob('brandt', 'Not of ada.')
    const retried = await failedJob('ada', 'The connection was reset.')
    await send('RetryJob', { jobId: retried, reason: 'network is back' })

    const page = await current().open('/')
    await page.getByLabel('User', { exact: true }).fill('ada')
    await page.keyboard.press('Tab')
    await page.getByLabel('Changed', { exact: true }).selectOption('in the last 7 days')
    await page.getByRole('link', { name: /^Failed/ }).click()
    const rows = page.locator('table.jobs tbody tr')
    await eventually(async () => expect(await rows.count()).toBe(ERRORS.length))
    const reasons = await page.locator('.cell-change .reason').allTextContents()
    expect(reasons.toSorted()).toEqual(ERRORS.toSorted())

    await page.getByRole('link', { name: /^Pending/ }).click()
    await page.getByRole('link', { name: 'invoice of ada' }).click()
    const retry = page.locator('.record', { hasText: 'network is back' })
    await retry.waitFor()
    expect(await retry.textContent()).toContain('user:dev')
    await page.locator('.record', { hasText: 'The connection was reset.' }).waitFor()

    for (let left = ERRORS.length; left > 0; left -= 1) {
      await page.goBack()
      await page.getByRole('link', { name: /^Failed/ }).click()
      await eventually(async () => expect(await rows.count()).toBe(left))
      await page.locator('.row-link').first().click()
      await retryOnPage(page)
    }
    const sql = "SELECT count(*)::int AS n FROM jobs WHERE state = 'FAILED' AND user_id = 'ada'"
    expect((await current().server.database.pool.query(sql)).rows).toEqual([{ n: 0 }])
    expect(current().faults).toEqual([])
  })
})
