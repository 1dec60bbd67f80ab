// Refused attempts on the page of a job, in Chromium against a real server: for auditors only.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { JobRefusalsDocument } from '../../dashboard/src/api/documents.generated.ts'
import type { Role } from '../../src/access/roles.ts'
import { itInChromium } from '../support/chromium.ts'
import { asUser, PROTECTED, tokenOf } from '../support/credentials.ts'
import { openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { jobIn } from '../support/factories.ts'
import { signIn } from '../support/jobsPage.ts'

let dashboard: TestDashboard | undefined
let jobId: string

beforeAll(async () => {
  dashboard = await openDashboard({ environment: PROTECTED }).catch(() => undefined)
  if (dashboard) jobId = (await jobIn(dashboard.server.ledger, 'COMPLETED', { userId: 'ada' })).id
})

afterAll(() => dashboard?.close())

const current = (): TestDashboard => dashboard as TestDashboard

async function openJob(user: string, role: Role): Promise<Page> {
  const page = await current().open(`/jobs/${jobId}`)
  const exp = Math.floor(Date.now() / 1000) + 3600
  await signIn(page, await tokenOf(user, { roles: [role], claims: { exp } }))
  await page.locator('.record').first().waitFor()
  return page
}

/** A worker attempts to complete the job as if it had this version. */
async function attempt(version: number): Promise<void> {
  const query = `mutation ($id: ID!, $version: Int!) {
    completeJob(input: { jobId: $id, expectedVersion: $version }) { __typename } }`
  await current().server.request(query, { id: jobId, version }, await asUser('worker', 'WORKER'))
}

describe('refused attempts', () => {
  itInChromium('appear on the open page of an auditor, the latest first', async () => {
    const page = await openJob('auditor', 'AUDITOR')
    const region = page.getByRole('region', { name: 'Refused attempts' })
    await region.getByText('No refused attempts are stored.').waitFor()
    await attempt(2)
    const item = region.getByRole('listitem')
    await item.getByText(`Job ${jobId} is COMPLETED, version 3 (expected version 2).`).waitFor()
    expect(await item.textContent()).toMatch(/^Too lateto Completeduser:worker/)
    await attempt(9)
    await item.nth(1).waitFor()
    expect(await item.first().textContent()).toMatch(/^Version conflictto Completeduser:worker/)
    await attempt(9)
    await item.first().getByText('2 times').waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  itInChromium('are shown in part if there are many, until more are asked for', async () => {
    const insert = `INSERT INTO jobledger.refusals (job_id, kind, actor, timestamp, message)
      SELECT $1, 'FORBIDDEN', 'user:eve', now() - n * interval '1 hour', 'no ' || n FROM generate_series(1, 119) AS n`
    await current().server.database.pool.query(insert, [jobId])
    const page = await openJob('admin', 'ADMIN')
    const region = page.getByRole('region', { name: 'Refused attempts' })
    await region.getByText(/^The latest 10 of 1[12]\d$/).waitFor()
    await region.getByRole('button', { name: 'Show more refused attempts' }).click()
    await region.getByText(/^The latest 100 of 1[12]\d$/).waitFor()
    expect(await region.getByRole('listitem').count()).toBe(100)
    expect(await region.getByRole('button').count()).toBe(0)
  })

  itInChromium('are neither shown to nor requested for the owner of the job', async () => {
    const requested: unknown[] = []
    const page = await current().open('/jobs')
    page.on('request', (request) => requested.push(request.postDataJSON()?.documentId))
    await page.goto(`${current().server.url}/ui/jobs/${jobId}`)
    await signIn(page, await tokenOf('ada', { roles: ['USER'] }))
    await page.getByRole('region', { name: 'Result' }).waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    expect(await page.getByText('Refused attempts').count()).toBe(0)
    expect(requested).not.toContain(JobRefusalsDocument.id)
    expect(requested.length).toBeGreaterThan(2)
  })

  itInChromium('cause no error', async () => {
    expect(current().faults).toEqual([])
  })
})
