// What a person does who has never seen the dashboard: finds out, in the sample jobs, which jobs of
// one user failed last week, why, and who retried one of them, and retries the rest. Only what the
// pages show is used.
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itInChromium } from '../support/chromium.ts'
import { addSampleJobs, openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'

let dashboard: TestDashboard | undefined

/** The sample jobs depend on the time. In those of this one, a user retried a job in vain. */
const NOW = Date.parse('2026-01-10T12:00:00Z')
const USER = 'dmitri'
const ERRORS = ['No result after 15 minutes.', 'The file IMG_2231.HEIC is not an image.']

beforeAll(async () => {
  dashboard = await openDashboard({ environment: { BULK_INTERVAL_SECONDS: '1' } }).catch(() => undefined)
  if (dashboard) await addSampleJobs(dashboard.server, NOW)
})

afterAll(() => dashboard?.close())

const current = (): TestDashboard => dashboard as TestDashboard

describe('a person who has never seen the dashboard', () => {
  itInChromium('finds the failed jobs of a user, why they failed, who retried one, and retries them all', async () => {
    const context = (await current().open('/')).context()
    await context.clock.setFixedTime(NOW)
    const page = await current().open('/', context)
    await page.getByLabel('User', { exact: true }).fill(USER)
    await page.keyboard.press('Tab')
    await page.getByLabel('Changed', { exact: true }).selectOption('in the last 7 days')
    await page.getByRole('link', { name: /^Failed/ }).click()
    const rows = page.locator('table.jobs tbody tr')
    await eventually(async () => expect(await rows.count()).toBe(ERRORS.length))
    const reasons = await page.locator('.cell-change .reason').allTextContents()
    expect(reasons.toSorted()).toEqual(ERRORS)

    await rows.filter({ hasText: '2 (max. 1)' }).locator('.row-link').click()
    const retry = page.locator('.record', { hasText: 'try again' })
    await retry.waitFor()
    expect(await retry.textContent()).toContain(`user:${USER}`)

    await page.goBack()
    await page.getByRole('button', { name: `Act on all ${ERRORS.length} jobs…` }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Retry').check()
    await dialog.getByLabel('Reason').fill('images repaired')
    await dialog.getByRole('button', { name: 'Dry run' }).click()
    await dialog.getByText(`${ERRORS.length} jobs would be retried.`).waitFor()
    await dialog.getByLabel('To confirm').fill(String(ERRORS.length))
    await dialog.getByRole('button', { name: `Retry ${ERRORS.length} jobs` }).click()
    await page.locator('.bulk-line').getByText('Completed', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'List the jobs that match now' }).click()
    await page.getByText('No job matches.').waitFor()
    await page.getByRole('link', { name: /^Pending/ }).click()
    await eventually(async () => expect(await page.getByText('images repaired').count()).toBeGreaterThan(0))

    const { rows: pending } = await current().server.database.pool.query(
      `SELECT count(*)::int AS jobs FROM jobs WHERE state = 'PENDING' AND user_id = $1 AND state_reason = 'images repaired'`,
      [USER],
    )
    expect([pending, current().faults]).toEqual([[{ jobs: ERRORS.length }], []])
  })
})
