// Signing in and out in Chromium, and what visitors with different roles see.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { createApiKey, revokeApiKey } from '../../src/access/apiKeys.ts'
import type { Role } from '../../src/access/roles.ts'
import { accessibilityFaults } from '../support/axe.ts'
import { itInChromium } from '../support/chromium.ts'
import { asUser, PROTECTED, tokenOf } from '../support/credentials.ts'
import { openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'
import { signIn } from '../support/jobsPage.ts'

let dashboard: TestDashboard | undefined

beforeAll(async () => {
  dashboard = await openDashboard({ environment: PROTECTED }).catch(() => undefined)
})

afterAll(() => dashboard?.close())

const current = (): TestDashboard => dashboard as TestDashboard

async function createJob(userId: string, content: string): Promise<string> {
  const query =
    'mutation ($input: CreateJobInput!) { createJob(input: $input) { ... on CreateJobSuccess { job { jobId } } } }'
  const { data } = await current().server.request(query, { input: { content } }, await asUser(userId, 'USER'))
  return data.createJob.job.jobId
}

async function newKey(name: string, ...roles: Role[]): Promise<string> {
  return (await createApiKey(current().server.ledger.prisma, { name, roles })).key
}

const contents = (page: Page): Promise<string[]> => page.locator('.row-link .content').allTextContents()

describe('a visitor of a server that requires a credential', () => {
  itInChromium('signs in with an API key, stays signed in after a reload, and signs out', async () => {
    const jobId = await createJob('ada', 'mine')
    const key = await newKey('operator', 'ADMIN')
    const page = await current().open(`/jobs/${jobId}`)
    await signIn(page, `jl_${'A'.repeat(43)}`)
    await page.getByText('The API key does not exist.').waitFor()
    await signIn(page, key)
    await page.locator('.record').first().waitFor()
    await page.getByText('key:operator', { exact: true }).waitFor()
    await page.reload()
    await page.locator('.record').first().waitFor()
    expect(await page.evaluate(() => document.cookie)).toBe('')
    expect(JSON.stringify(await page.evaluate(() => ({ ...localStorage, ...sessionStorage })))).not.toContain(key)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Token or API key').waitFor()
    await page.reload()
    await page.getByLabel('Token or API key').waitFor()
    expect(await page.locator('.record').count()).toBe(0)
  })

  itInChromium('sees and may do what the roles of the token allow: users see their own jobs only', async () => {
    const ofAda = await createJob('ada-2', 'of ada')
    await createJob('brandt-2', 'of brandt')
    const [ada, brandt] = await Promise.all([current().open('/jobs'), current().open('/jobs')])
    const exp = Math.floor(Date.now() / 1000) + 3600
    await signIn(ada, await tokenOf('ada-2', { roles: ['USER'], claims: { exp } }))
    await signIn(brandt, await tokenOf('brandt-2', { roles: ['USER'], claims: { exp } }))
    await eventually(async () => expect(await contents(ada)).toEqual(['of ada']))
    await eventually(async () => expect(await contents(brandt)).toEqual(['of brandt']))
    await ada.getByRole('link', { name: 'of ada' }).click()
    await ada.getByRole('button', { name: 'Cancel', exact: true }).waitFor()
    await brandt.goto(`${current().server.url}/ui/jobs/${ofAda}`)
    await brandt.getByText('No job with this id exists, or you may not see it.').waitFor()
    const auditor = await current().open(`/jobs/${ofAda}`)
    await signIn(auditor, await newKey('auditor', 'AUDITOR'))
    await auditor.getByText('key:auditor', { exact: true }).waitFor()
    await auditor.locator('.record').first().waitFor()
    expect(await auditor.locator('.page-actions button').count()).toBe(0)
  })

  itInChromium('is asked to sign in again when the key is revoked, and returns to the same page', async () => {
    const jobId = await createJob('ada', 'revoked')
    const page = await current().open(`/jobs/${jobId}`)
    await signIn(page, await newKey('short-lived', 'ADMIN'))
    await page.locator('.record').first().waitFor()
    await revokeApiKey(current().server.ledger, 'short-lived')
    await page.getByText('Your session has ended').waitFor()
    expect(await page.locator('.record').count()).toBe(0)
    await signIn(page, await newKey('second', 'ADMIN'))
    await page.locator('.record').first().waitFor()
    expect(page.url()).toContain(jobId)
  })

  itInChromium('finds an accessible page in light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [360, 1280]) {
        const page = await current().open('/jobs', { colorScheme, viewport: { width, height: 800 } })
        await page.getByLabel('Token or API key').waitFor()
        expect(await accessibilityFaults(page)).toEqual([])
        await page.context().close()
      }
    }
    expect(current().faults).toEqual([])
  })
})
