// Who may act on all jobs of a list, and who sees which bulk actions, in Chromium.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import type { Role } from '../../src/access/roles.ts'
import { itInChromium } from '../support/chromium.ts'
import { PROTECTED, tokenOf } from '../support/credentials.ts'
import { openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'
import { jobIn } from '../support/factories.ts'
import { signIn } from '../support/jobsPage.ts'

let dashboard: TestDashboard | undefined

beforeAll(async () => {
  const environment = { ...PROTECTED, BULK_INTERVAL_SECONDS: '1' }
  dashboard = await openDashboard({ environment }).catch(() => undefined)
  if (dashboard === undefined) return
  for (const userId of ['ada', 'brandt']) await jobIn(dashboard.server.ledger, 'FAILED', { userId })
})

afterAll(() => dashboard?.close())

const current = (): TestDashboard => dashboard as TestDashboard

async function openAs(sub: string, role: Role, path: string): Promise<Page> {
  const page = await current().open(path)
  await signIn(page, await tokenOf(sub, { roles: [role] }))
  await page.locator('.viewer', { hasText: `user:${sub}` }).waitFor()
  return page
}

const ACT = /^Act on all/

describe('bulk actions in the dashboard', () => {
  for (const role of ['AUDITOR', 'WORKER'] as const)
    itInChromium(`are to read, but not to start, for ${role}`, async () => {
      const page = await openAs(role.toLowerCase(), role, '/jobs')
      await eventually(async () => expect(await page.locator('.row-link').count()).toBe(2))
      expect(await page.getByRole('button', { name: ACT }).count()).toBe(0)
      await page.getByRole('link', { name: 'Bulk actions' }).click()
      await page.locator('.empty, .row-link').first().waitFor()
      expect(await page.getByRole('alert').count()).toBe(0)
      await page.context().close()
    })

  itInChromium('of a USER change only its own jobs, and other users do not see them', async () => {
    const page = await openAs('ada', 'USER', '/jobs')
    await page.getByRole('button', { name: 'Act on all 1 job…' }).click()
    await page.getByText('Only your own jobs of the list are changed.').waitFor()
    await page.getByLabel('Reason').fill('mine')
    await page.getByRole('button', { name: 'Dry run' }).click()
    await page.getByLabel('To confirm').fill('1')
    await page.getByRole('button', { name: 'Retry 1 job' }).click()
    await page.locator('.bulk-line').getByText('Completed', { exact: true }).waitFor()
    const { pathname } = new URL(page.url())
    const sql = 'SELECT user_id, state::text FROM jobs ORDER BY user_id'
    expect((await current().server.database.pool.query(sql)).rows).toEqual([
      { user_id: 'ada', state: 'PENDING' },
      { user_id: 'brandt', state: 'FAILED' },
    ])
    const auditor = await openAs('auditor', 'AUDITOR', pathname.replace('/ui', ''))
    await auditor.getByRole('heading', { name: 'Retry 1 job' }).waitFor()
    await auditor.getByRole('link', { name: 'List the jobs that match now' }).click()
    await eventually(async () => expect(await auditor.locator('.row-link').count()).toBe(1))
    const other = await openAs('brandt', 'USER', pathname.replace('/ui', ''))
    await other.getByText('No bulk action with this id exists, or you may not see it.').waitFor()
    await other.getByRole('link', { name: 'Bulk actions' }).first().click()
    await other.getByText('There are no bulk actions yet.').waitFor()
    expect(current().faults).toEqual([])
    for (const one of [page, auditor, other]) await one.context().close()
  })
})
