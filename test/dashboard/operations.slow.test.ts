// The page of operations in Chromium, against a real server: what it shows, and to whom.
import type { BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { ViewerDocument } from '../../dashboard/src/api/documents.generated.ts'
import { packageVersion } from '../../src/database/packageRoot.ts'
import { createConsumer } from '../../src/ledger/consumers.ts'
import { BEGINNING } from '../../src/ledger/eventOrder.ts'
import { itInChromium } from '../support/chromium.ts'
import { PROTECTED, tokenOf } from '../support/credentials.ts'
import { addSampleJobs, openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { signIn } from '../support/jobsPage.ts'

let dashboard: TestDashboard | undefined

beforeAll(async () => {
  dashboard = await openDashboard().catch(() => undefined)
  if (dashboard) await addSampleJobs(dashboard.server)
})

afterAll(() => dashboard?.close())

const current = (): TestDashboard => dashboard as TestDashboard

async function sql(text: string): Promise<void> {
  await current().server.database.pool.query(text)
}

describe('the page of operations', () => {
  itInChromium('says which consumer does not advance, until it has caught up', async () => {
    await createConsumer(current().server.ledger, 'file:/late', BEGINNING)
    await sql(`UPDATE jobledger.consumers SET updated_at = now() - interval '1 hour' WHERE name = 'file:/late'`)
    const page = await current().open('/operations')
    const notice = page.getByText('The consumer file:/late is behind and does not advance.', { exact: true })
    await notice.waitFor()
    const row = page.getByRole('row', { name: /file:\/late/ })
    expect(await row.textContent()).not.toContain('up to date')
    await sql(`UPDATE jobledger.consumers SET updated_at = now(), (transaction_id, record_id) =
      (SELECT transaction_id, id FROM job_states ORDER BY transaction_id DESC, id DESC LIMIT 1) WHERE name = 'file:/late'`)
    await row.getByText('up to date').waitFor()
    await notice.waitFor({ state: 'hidden' })
    expect(current().faults).toEqual([])
  })

  itInChromium('says which consumer and which maintenance task fail or are late, and why', async () => {
    await createConsumer(current().server.ledger, 'file:/full', BEGINNING)
    await sql(`UPDATE jobledger.consumers SET updated_at = now(), failing_since = now() - interval '1 hour',
      last_error_at = now(), last_error = 'no space left' WHERE name = 'file:/full'`)
    await sql(`INSERT INTO jobledger.maintenance_tasks (name, last_run_at, next_run_at, last_change_at, last_change) VALUES
      ('lateTask', now() - interval '1 hour', now() - interval '55 minutes', now() - interval '3 hours', '{"madeDue": 1200}')`)
    await sql(`INSERT INTO jobledger.maintenance_tasks (name, last_run_at, next_run_at, last_error_at, last_error)
      SELECT 'failingTask', at, at + interval '1 hour', at, 'the disk is full' FROM (SELECT now() AS at)`)
    const page = await current().open('/operations')
    const sentences = [
      'The consumer file:/full is failing: no space left',
      'The maintenance task failingTask has failed: the disk is full',
      'The maintenance task lateTask has not run when it was planned.',
    ].map((text) => page.getByText(text, { exact: true }))
    for (const sentence of sentences) await sentence.waitFor()
    const row = async (name: string): Promise<string | null> => page.getByRole('row', { name }).textContent()
    expect(await row('file:/full')).toMatch(/Failing since .*: no space left/)
    expect(await row('failingTask')).toContain('The last run failed: the disk is full')
    expect(await row('lateTask')).toMatch(/1 h ago ?now ?1,200 made due, 3 h ago/)
    await sql(`UPDATE jobledger.consumers SET failing_since = NULL WHERE name = 'file:/full'`)
    await sql(`UPDATE jobledger.maintenance_tasks SET last_run_at = now(), next_run_at = now() + interval '1 hour'`)
    for (const sentence of sentences) await sentence.waitFor({ state: 'hidden' })
    expect(await row('file:/full')).toMatch(/Last error .* ago: no space left/)
    expect(current().faults).toEqual([])
  })

  itInChromium('says if the API does not answer who looks at it, and recovers', async () => {
    const first = await current().open('/jobs')
    const context = (await first.context().browser()?.newContext()) as BrowserContext
    let isBroken = true
    await context.route('**/graphql', (route) => {
      const isViewer = route.request().postDataJSON()?.documentId === ViewerDocument.id
      return isViewer && isBroken ? route.abort() : route.continue()
    })
    const page = await current().open('/operations', context)
    await page.getByText('The server cannot be reached.', { exact: true }).waitFor()
    isBroken = false
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('region', { name: 'Queue' }).waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  itInChromium('shows the version and the connections of the replica that answers', async () => {
    const page = await current().open('/operations')
    const replica = page.getByRole('region', { name: 'This replica' })
    await replica.getByText(packageVersion(), { exact: true }).waitFor()
    await replica.getByText(/^\d+ of 20 in use$/).waitFor()
  })

  itInChromium('links the number of jobs that run for over an hour to these jobs', async () => {
    const page = await current().open('/operations')
    const row = page.getByRole('region', { name: 'Queue' }).locator('dl > div').filter({ hasText: 'For over an hour' })
    const jobs = Number(await row.getByRole('link').textContent())
    expect(jobs).toBeGreaterThan(0)
    await row.getByRole('link').click()
    await page.locator('table.jobs[aria-busy="false"] .content').first().waitFor()
    expect(await page.locator('.row-link').count()).toBe(jobs)
  })

  itInChromium('links a worker to the jobs that it holds', async () => {
    const page = await current().open('/operations')
    const workers = page.getByRole('region', { name: 'Workers with jobs' })
    const row = workers.getByRole('row').nth(1)
    const jobs = (await row.getByRole('cell').first().textContent()) as string
    await row.getByRole('link', { name: jobs, exact: true }).click()
    await page.locator('table.jobs[aria-busy="false"] .content').first().waitFor()
    expect(await page.locator('.row-link').count()).toBe(Number(jobs))
  })
})

describe('the page of operations, where visitors sign in,', () => {
  let guarded: TestDashboard | undefined

  beforeAll(async () => {
    guarded = await openDashboard({ environment: PROTECTED }).catch(() => undefined)
  })
  afterAll(() => guarded?.close())

  for (const [role, isShown] of [
    ['USER', false],
    ['WORKER', false],
    ['AUDITOR', true],
    ['ADMIN', true],
  ] as const)
    itInChromium(`${isShown ? 'is shown to' : 'tells who may see it, without a link, to'} ${role}`, async () => {
      const page = await (guarded as TestDashboard).open('/operations')
      await signIn(page, await tokenOf('visitor', { roles: [role] }))
      const content = isShown ? 'Consumers' : 'Only the roles AUDITOR and ADMIN may see operations.'
      await page.getByText(content, { exact: true }).waitFor()
      expect(await page.getByRole('link', { name: 'Operations' }).count()).toBe(isShown ? 1 : 0)
      await page.context().close()
    })
})
