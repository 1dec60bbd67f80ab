// Addresses that a person can type: each gives a page with a sentence about what is wrong.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { itInChromium } from '../support/chromium.ts'
import { addSampleJobs, openDashboard, type TestDashboard } from '../support/dashboard.ts'
import { eventually } from '../support/eventually.ts'

let dashboard: TestDashboard | undefined
let page: Page

beforeAll(async () => {
  dashboard = await openDashboard().catch(() => undefined)
  if (dashboard === undefined) return
  await addSampleJobs(dashboard.server)
  page = await dashboard.open('/jobs')
})

afterAll(() => dashboard?.close())

const NO_PAGE = 'The dashboard has no page with this address.'
const NO_PARAMETER = 'in the address: this page has no such parameter.'

const ADDRESSES: readonly [address: string, sentence: string][] = [
  ['/jobs/%zz', NO_PAGE],
  ['/jobs/%E0%A4%A', NO_PAGE],
  ['/%zz', NO_PAGE],
  ['/jobs/a/b', NO_PAGE],
  ['/jobs//b', NO_PAGE],
  ['/nothing.html', NO_PAGE],
  ['/statistics/%zz', NO_PAGE],
  ['/statistics/a', NO_PAGE],
  ['/statistics?user=ada', `Ignored "user" ${NO_PARAMETER}`],
  ['/statistics?from=never', '"from" must be an instant'],
  ['/records/a', NO_PAGE],
  ['/actors', NO_PAGE],
  ['/actors/%zz', NO_PAGE],
  ['/records?user=ada', `Ignored "user" ${NO_PARAMETER}`],
  ['/records?newStates=LOST', 'To state must be states of PENDING, PROCESSING'],
  ['/records?timeAfter=5', 'Time must be an instant, or relative such as -24h (got "5").'],
  ['/records?jobId=abc', 'jobId: must be the id of a job (got "abc").'],
  ['/records?after=abc', 'cursor'],
  ['/jobs/report.pdf', 'must be the id of a job (got "report.pdf").'],
  ['/jobs/%2F', 'must be the id of a job (got "/").'],
  ['/jobs/%00', 'must be the id of a job'],
  [`/jobs/${'a'.repeat(5000)}`, 'must be the id of a job'],
  ['/jobs?user=ada', `Ignored "user" ${NO_PARAMETER}`],
  [`/jobs?${'a'.repeat(5000)}`, `${'a'.repeat(100)}…" ${NO_PARAMETER}`],
  ['/jobs?%zz=%zz&%FF=%FF', `Ignored "%zz" ${NO_PARAMETER}`],
  ['/jobs?__proto__=a&constructor=b', `Ignored "__proto__" ${NO_PARAMETER}`],
  ['/jobs?userId=ada&userId=bo', 'Ignored all but the first userId in the address.'],
  ['/jobs?state=LOST&state=FAILED', 'Ignored state "LOST": it must be one of PENDING, PROCESSING'],
  ['/jobs?order=size', 'Ignored order "size": it must be one of created_at.desc'],
  ['/jobs?createdAfter=5', 'Created must be an instant, or relative such as -24h (got "5").'],
  ['/jobs?createdAfter=-999999d', 'Created must be an instant'],
  ['/jobs?metadata={', 'Metadata contains must be a JSON object'],
  [`/jobs?metadata=${'x'.repeat(5000)}`, 'Metadata contains must be a JSON object'],
  ['/jobs?after=abc', 'cursor'],
  ['/jobs?before=%00', 'cursor'],
  ['/jobs?ids=abc', 'must be'],
  ['/jobs?userId=%00', 'must'],
  [`/jobs?userId=${'a'.repeat(5000)}`, 'must'],
]

describe('an address that a person has typed', () => {
  itInChromium('gives a page with a sentence about what is wrong with it', async () => {
    for (const [address, sentence] of ADDRESSES) {
      await page.goto(`${dashboard?.server.url}/ui${address}`)
      const text = async () => [address, await page.locator('main').innerText()]
      await eventually(async () => expect(await text()).toEqual([address, expect.stringContaining(sentence)]))
      expect([address, await page.getByRole('heading', { level: 1 }).count()]).toEqual([address, 1])
      const width = await page.evaluate(() => document.documentElement.scrollWidth)
      expect([address, width]).toEqual([address, 1280])
    }
    expect(dashboard?.faults).toEqual([])
  })

  itInChromium('that is too long for the server is refused with a sentence', async () => {
    const response = await page.goto(`${dashboard?.server.url}/ui/jobs?userId=${'a'.repeat(100_000)}`)
    expect(response?.status()).toBe(431)
    await page.getByText('The URL and the headers of a request must be at most').waitFor()
  })

  itInChromium('with a wrong cursor leads back to the first page', async () => {
    await page.goto(`${dashboard?.server.url}/ui/jobs?userId=ada&after=abc`)
    await page.getByRole('link', { name: 'First page' }).click()
    await page.waitForURL('**/ui/jobs?userId=ada')
    await page.locator('.row-link').first().waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
  })
})
