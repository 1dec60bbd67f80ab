// Uses the tabs of GraphiQL in a real Chromium, in order, on an empty ledger.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { graphiqlTabs } from '../../src/http/graphiqlTabs.ts'
import { itInChromium, openChromium } from '../support/chromium.ts'
import { PROTECTED, tokenOf } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

// biome-ignore lint/suspicious/noExplicitAny: the tabs are text, so their results have no types
type Loose = any

const WAIT_MS = 60_000
const BUSY = { timeout: 180_000 }
/** The headers editor; the variables editor comes first. */
const HEADERS = '.graphiql-editor-tool > :nth-child(2)'

let browser: Browser | undefined
let server: TestServer | undefined

beforeAll(async () => {
  browser = await openChromium().catch(() => undefined)
})

afterEach(() => server?.close())

afterAll(() => browser?.close())

async function openGraphiQL(environment: Readonly<Record<string, string>> = {}): Promise<Page> {
  server = await startTestServer({ environment })
  const page = await (browser as Browser).newPage()
  page.setDefaultTimeout(WAIT_MS)
  await page.goto(`${server.url}/graphql`)
  await page.locator('.graphiql-query-editor .view-line').first().waitFor()
  return page
}

// GraphiQL's tabs can be dragged. While they settle, a click by coordinates misses, and an early
// click is lost.
async function showTab(page: Page, number: number): Promise<void> {
  const tab = page.locator('.graphiql-tab-button').nth(number - 1)
  await eventually(async () => {
    await tab.dispatchEvent('click')
    expect(await page.locator('.graphiql-tab-active').innerText()).toBe(await tab.innerText())
  }, WAIT_MS)
}

/** Replaces the whole content of an editor by pasting. */
async function pasteOver(page: Page, editor: string, text: string): Promise<void> {
  await page.locator(`${editor} .view-lines`).first().click()
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.press('Delete')
  await page.evaluate((pasted) => {
    const data = new DataTransfer()
    data.setData('text/plain', pasted)
    document.activeElement?.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }))
  }, text)
}

/**
 * The visible part of the response. The editor shows only the lines that fit, with no-break spaces.
 */
const shownResponse = async (page: Page): Promise<string> =>
  (await page.locator('.graphiql-response').innerText()).replaceAll('\u00a0', ' ')

/**
 * While GraphiQL still has the operation name of the previous tab, it shows an error about it and
 * sends nothing, or the server refuses that name. Then a person runs the tab again.
 */
const HAS_OTHER_NAME = /operation/i
const REPEAT_MS = 10_000

async function run(page: Page): Promise<Loose> {
  return eventually(async () => {
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === 'POST', { timeout: REPEAT_MS }),
      page.locator('.graphiql-execute-button').click(),
    ])
    const result = await answer.json()
    expect(String(result.errors?.[0]?.message)).not.toMatch(HAS_OTHER_NAME)
    return result
  }, WAIT_MS)
}

itInChromium('the tabs create a job, complete it, show its history and follow events', BUSY, async () => {
  const page = await openGraphiQL()
  const created = await run(page)
  expect(created.data.createJob).toMatchObject({ __typename: 'CreateJobSuccess', created: true })
  const { jobId } = created.data.createJob.job
  await expect.poll(() => shownResponse(page)).toContain(jobId)

  await showTab(page, 2)
  const work = graphiqlTabs(true)[1]?.query ?? ''
  await pasteOver(page, '.graphiql-query-editor', work.replace('PASTE THE jobId HERE', jobId))
  expect(await run(page)).toEqual({
    data: {
      started: expect.objectContaining({ record: expect.objectContaining({ newState: 'PROCESSING' }) }),
      completed: expect.objectContaining({ record: expect.objectContaining({ newState: 'COMPLETED' }) }),
    },
  })

  await showTab(page, 3)
  const { data } = await run(page)
  expect(data.jobs.nodes).toMatchObject([
    { jobId, state: 'COMPLETED', result: { status: 'SUCCESS', output: { pages: 12 } } },
  ])
  expect(data.jobs.nodes[0].stateHistory.nodes).toHaveLength(3)

  await showTab(page, 4)
  await page.locator('.graphiql-execute-button').click()
  await eventually(async () => {
    if (HAS_OTHER_NAME.test(await shownResponse(page))) await page.locator('.graphiql-execute-button').click()
    await server?.request('mutation { createJob(input: { content: "from elsewhere" }) { __typename } }')
    expect(await shownResponse(page)).toContain('jobEvents')
  }, WAIT_MS)
  await page.close()
})

itInChromium('the first tab has a placeholder for the credential, and works once it is filled in', BUSY, async () => {
  const page = await openGraphiQL(PROTECTED)
  await eventually(async () => {
    await page.getByRole('button', { name: 'Headers' }).click()
    expect(await page.locator(HEADERS).innerText()).toContain('YOUR')
  }, WAIT_MS)
  expect((await run(page)).errors[0].extensions.code).toBe('UNAUTHENTICATED')
  const authorization = `Bearer ${await tokenOf('ada', { roles: ['USER'] })}`
  await pasteOver(page, HEADERS, JSON.stringify({ authorization }))
  await eventually(async () => {
    expect((await run(page)).data.createJob).toMatchObject({ job: { stateActor: 'user:ada' } })
  }, WAIT_MS)
  await page.close()
})
