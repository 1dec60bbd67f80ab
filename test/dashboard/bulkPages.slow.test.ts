// The pages of bulk actions in Chromium: without actions, with failed ones, with many of them, and
// for an ADMIN and an AUDITOR.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import type { Role } from '../../src/access/roles.ts'
import { failBulkAction } from '../../src/ledger/runBulkBatch.ts'
import { startBulkAction } from '../../src/ledger/startBulkAction.ts'
import { accessibilityFaults } from '../support/axe.ts'
import { itInChromium } from '../support/chromium.ts'
import { PROTECTED, tokenOf } from '../support/credentials.ts'
import { openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'
import { jobIn } from '../support/factories.ts'
import { signIn } from '../support/jobsPage.ts'

let dashboard: TestDashboard | undefined

// No server runs the actions, so their states are what the tests make them.
const environment = {
  ...PROTECTED,
  BULK_INTERVAL_SECONDS: '0',
  LIMIT_BULK_JOBS: '2',
  LIMIT_PAGE_SIZE: '3',
  LIMIT_DEFAULT_PAGE_SIZE: '3',
}

beforeAll(async () => {
  dashboard = await openDashboard({ environment }).catch(() => undefined)
})

afterAll(() => dashboard?.close())

const current = (): TestDashboard => dashboard as TestDashboard

async function openAs(role: Role, path: string): Promise<Page> {
  const page = await current().open(path)
  await signIn(page, await tokenOf('ines', { roles: [role] }))
  await page.locator('.viewer', { hasText: 'user:ines' }).waitFor()
  return page
}

/** Starts an action on no jobs. */
async function startAction(reason: string): Promise<string> {
  const input = { action: 'RETRY', filter: { userId: 'no-one' }, actor: `test:${reason}`, expectedCount: 0 } as const
  return (await startBulkAction(current().server.ledger, { ...input, reason })).bulkAction.id
}

const reasonsOf = (page: Page): Promise<string[]> => page.locator('.cell-job .bulk-reason').allTextContents()

describe('the pages of bulk actions', () => {
  itInChromium('say that there are none yet, accessibly', async () => {
    const page = await openAs('AUDITOR', '/bulk')
    await page.getByText('There are no bulk actions yet.').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await page.context().close()
  })

  itInChromium('say before anyone types a count that too many jobs match', async () => {
    for (let n = 0; n < 3; n += 1) await jobIn(current().server.ledger, 'FAILED', { userId: 'ada' })
    const page = await openAs('ADMIN', '/jobs?userId=ada')
    await page.getByRole('button', { name: 'Act on all 3 jobs…' }).click()
    await page.getByLabel('Reason').fill('too many')
    await page.getByRole('button', { name: 'Dry run' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('A bulk action may match at most 2 jobs (LIMIT_BULK_JOBS).').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    expect(await dialog.getByLabel('To confirm').count()).toBe(0)
    expect(await dialog.getByRole('button', { name: 'Retry 3 jobs' }).isDisabled()).toBe(true)
    await page.context().close()
  })

  itInChromium('show why an action failed, to an AUDITOR, who cannot abort one', async () => {
    const running = await startAction('runs')
    const failed = await startAction('fails')
    await failBulkAction(current().server.ledger, failed, 'The database refused a batch.')
    const page = await openAs('AUDITOR', `/bulk/${failed}`)
    await page.locator('.bulk-line').getByText('Failed', { exact: true }).waitFor()
    await page.getByText('The database refused a batch.').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await page.goto(`${current().server.url}/ui/bulk/${running}`)
    await page.locator('.bulk-line').getByText('Running', { exact: true }).waitFor()
    expect(await page.getByRole('button', { name: 'Abort' }).count()).toBe(0)
    await page.context().close()
  })

  itInChromium('let an ADMIN abort the action of someone else', async () => {
    const id = await startAction('stop it')
    const page = await openAs('ADMIN', `/bulk/${id}`)
    await page.getByRole('button', { name: 'Abort' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Abort' }).click()
    await page.locator('.bulk-line').getByText('Aborted', { exact: true }).waitFor()
    await page.context().close()
  })

  itInChromium('page through the list, newest first, and back', async () => {
    for (const reason of ['page 1', 'page 2', 'page 3', 'page 4']) await startAction(reason)
    const page = await openAs('AUDITOR', '/bulk')
    await eventually(async () => expect(await reasonsOf(page)).toEqual(['page 4', 'page 3', 'page 2']))
    await page.getByRole('link', { name: 'Next' }).click()
    await eventually(async () => expect((await reasonsOf(page))[0]).toBe('page 1'))
    await page.reload()
    await eventually(async () => expect((await reasonsOf(page))[0]).toBe('page 1'))
    await page.goBack()
    await eventually(async () => expect(await reasonsOf(page)).toEqual(['page 4', 'page 3', 'page 2']))
    await page.context().close()
  })
})
