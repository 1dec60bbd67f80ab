// Addresses that the API refuses, in Chromium: the page says why, and asks only once.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itInChromium } from '../support/chromium.ts'
import { openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { newJob } from '../support/factories.ts'

let dashboard: TestDashboard | undefined

beforeAll(async () => {
  dashboard = await openDashboard().catch(() => undefined)
  if (dashboard) await newJob(dashboard.server.ledger)
})

afterAll(() => dashboard?.close())

const current = (): TestDashboard => dashboard as TestDashboard

const LONG = 'a'.repeat(2000)

/** The message that is shown; there must be only one, and nothing that seems in progress. */
async function refusal(page: Page): Promise<string> {
  const alert = page.getByRole('alert')
  const message = (await alert.locator('p').textContent()) ?? ''
  expect(await page.getByText(/Live|Reconnecting|Loading/).count()).toBe(0)
  expect(await alert.getByRole('button').count()).toBe(0)
  return message
}

/** How many requests the page sends in a minute. */
async function requestsLater(page: Page): Promise<number> {
  let requests = 0
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/graphql') requests += 1
  })
  // Twice: the first ends a pause, the second what is sent again after its answer.
  await page.clock.runFor(30_000)
  await page.waitForLoadState('networkidle')
  await page.clock.runFor(30_000)
  return requests
}

describe('an address that the API refuses', () => {
  for (const [address, link, message] of [
    ['/records?jobId=abc', 'Clear filters', /"abc"/],
    [`/records?actor=${LONG}`, 'Clear filters', /actor/],
    ['/records?after=abc', 'Go to the first page', /after/],
    ['/jobs?ids=abc', 'Clear filters', /ids.*"abc"/],
    [`/jobs?userId=${LONG}`, 'Clear filters', /userId/],
    ['/jobs?before=abc', 'Go to the first page', /before/],
    ['/statistics?ids=abc', 'Clear filters', /ids.*"abc"/],
    [`/actors/${LONG}`, 'Go to Activity', /actor/],
    [`/jobs/${LONG}`, 'Go to the jobs', /id/],
  ] as const)
    itInChromium(`shows the reason of ${address.slice(0, 30)} once, and a link to ${link}`, async () => {
      const page = await current().open('/jobs')
      await page.clock.install()
      await page.goto(`${current().server.url}/ui${address}`)
      expect(await refusal(page)).toMatch(message)
      expect(await requestsLater(page)).toBe(0)
      await refusal(page)
      await page.getByRole('alert').getByRole('link', { name: link }).click()
      await page.locator('table.jobs tbody tr, .stats').first().waitFor()
      expect(await page.getByRole('alert').count()).toBe(0)
      expect(current().faults).toEqual([])
    })
})
