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

const WAIT_MS = 30_000
// On a busy machine GraphiQL can lose a click while it loads.
const BUSY = { timeout: 120_000, retry: 2 }
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
  // GraphiQL sends the operation name of the previous tab until it has stored the new one with the
  // tab.
  const { query = '' } = graphiqlTabs(true)[number - 1] ?? {}
  const [, name] = /^\w+ (\w+)/m.exec(query) ?? []
  await expect.poll(() => operationOf(page, number), { timeout: WAIT_MS }).toBe(name)
}

function operationOf(page: Page, number: number): Promise<string | undefined> {
  return page.evaluate(
    (index) => JSON.parse(localStorage.getItem('graphiql:tabState') ?? '{}').tabs?.[index]?.operationName,
    number - 1,
  )
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

async function run(page: Page): Promise<Loose> {
  const answer = page.waitForResponse((response) => response.request().method() === 'POST')
  await page.locator('.graphiql-execute-button').click()
  return (await answer).json()
}

/**
 * The visible part of the response. The editor shows only the lines that fit, with no-break spaces.
 */
const shownAnswer = async (page: Page): Promise<string> =>
  (await page.locator('.graphiql-response').innerText()).replaceAll('\u00a0', ' ')

itInChromium('the tabs create a job, complete it, show its history and follow events', BUSY, async () => {
  const page = await openGraphiQL()
  const created = await run(page)
  expect(created.data.createJob).toMatchObject({ __typename: 'CreateJobSuccess', created: true })
  const { jobId } = created.data.createJob.job
  await expect.poll(() => shownAnswer(page)).toContain(jobId)

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
    await server?.request('mutation { createJob(input: { content: "from elsewhere" }) { __typename } }')
    expect(await shownAnswer(page)).toContain('jobEvents')
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
