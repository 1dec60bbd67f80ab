// The dashboard where only trusted documents run, without introspection: the server knows its own.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { invalidDocuments } from '../../src/graphql/invalidDocuments.ts'
import { DASHBOARD_DOCUMENTS } from '../../src/http/dashboard/documents.generated.ts'
import { itInChromium } from '../support/chromium.ts'
import { addSampleJobs, openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { startTestServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'

let dashboard: TestDashboard | undefined
const folder = temporaryDirectory('jobledger-manifest-')
const environment = {
  NODE_ENV: 'production',
  AUTH: 'open',
  TRUSTED_DOCUMENTS: join(folder, 'manifest.json'),
}

beforeAll(async () => {
  writeFileSync(environment.TRUSTED_DOCUMENTS, JSON.stringify({ mine: '{ jobCount }' }))
  dashboard = await openDashboard({ environment }).catch(() => undefined)
  if (dashboard) await addSampleJobs(dashboard.server)
})

afterAll(async () => {
  await dashboard?.close()
  rmSync(folder, { recursive: true })
})

/** Sends parameters to a server with other variables of the environment. */
async function ask(parameters: object, variables: Record<string, string>): Promise<{ status: number; body: string }> {
  const server = await startTestServer({ environment: variables })
  try {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify(parameters)
    const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body })
    return { status: response.status, body: await response.text() }
  } finally {
    await server.close()
  }
}

async function failedCount(): Promise<number> {
  const { prisma } = (dashboard as TestDashboard).server.ledger
  return prisma.job.count({ where: { state: 'FAILED', deletedAt: null } })
}

const [viewerId] = [...DASHBOARD_DOCUMENTS].find(([, text]) => text.includes('query Viewer')) ?? []
const VIEWER = { documentId: viewerId, variables: {} }

describe('the operations of the dashboard', () => {
  it('are valid for the schema of this version', () => {
    expect(DASHBOARD_DOCUMENTS.size).toBeGreaterThan(10)
    expect(invalidDocuments(DASHBOARD_DOCUMENTS)).toEqual([])
  })

  it('are known by id, with and without a manifest, unless the dashboard is off', async () => {
    const [withManifest, without, off] = await Promise.all([
      ask(VIEWER, environment),
      ask(VIEWER, {}),
      ask(VIEWER, { ...environment, DASHBOARD: 'off' }),
    ])
    for (const { status, body } of [withManifest, without])
      expect([status, JSON.parse(body).data.viewer.actor]).toEqual([200, 'user:dev'])
    expect([off.status, off.body]).toEqual([403, expect.stringContaining('No trusted document has this id.')])
  })

  it('do not let other documents run, neither by id nor as text', async () => {
    for (const parameters of [
      { documentId: 'unknown' },
      { query: '{ jobCount }' },
      { ...VIEWER, query: '{ jobCount }' },
    ])
      expect([parameters, (await ask(parameters, environment)).status]).toEqual([parameters, 403])
  })

  itInChromium('are all that its pages need', async () => {
    const page = await (dashboard as TestDashboard).open('/jobs?state=FAILED')
    await page.locator('.row-link').first().click()
    await page.locator('.record').first().waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Show the output' }).click()
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByRole('dialog').getByLabel('Reason').fill('try again')
    await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).click()
    await page.getByText('Waits for another attempt').waitFor()
    await page.getByRole('link', { name: 'Activity' }).click()
    await page.locator('.record-rows .actor:visible').first().click()
    await page.getByRole('heading', { name: 'Latest records' }).waitFor()
    await page.locator('.actor-sections .record-rows[aria-busy="false"] .content').first().waitFor()
    await page.getByRole('link', { name: 'Statistics' }).click()
    await page.locator('.stats[aria-busy="false"] .u-over').first().waitFor()
    await page.getByRole('link', { name: 'Bulk actions' }).click()
    await page.getByText('There are no bulk actions yet.').waitFor()
    await page.goto(`${(dashboard as TestDashboard).server.url}/ui/jobs?state=FAILED`)
    await page.getByRole('button', { name: /^Act on all/ }).click()
    await page.getByLabel('Reason').fill('try again')
    await page.getByRole('button', { name: 'Dry run' }).click()
    await page.getByLabel('To confirm').fill(String(await failedCount()))
    await page.getByRole('button', { name: /^Retry \d/ }).click()
    await page.getByRole('button', { name: 'Abort' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Abort' }).click()
    await page.locator('.bulk-line').getByText('Aborted', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'Operations' }).click()
    await page.getByRole('region', { name: 'This replica' }).waitFor()
    expect((dashboard as TestDashboard).faults).toEqual([])
  })
})
