// Connections that a middlebox has dropped silently: they stay open without data.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { follow } from '../../examples/browserEvents.ts'
import { followJobEvents } from '../../src/client/followJobEvents.ts'
import { itInChromium, openChromium } from '../support/chromium.ts'
import { PROTECTED, tokenOf } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/factories.ts'
import { endPrograms, runProgram } from '../support/program.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { openTcpGate, type TcpGate } from '../support/tcpGate.ts'

/** Test servers send a ping every 300 ms. */
const SILENCE_MS = 2000
const WAIT_MS = 60_000

/** Lets `jobledger tail` wait for 5 s of silence instead of 30 s. */
const SHORT_SILENCE = `--import=data:text/javascript,${encodeURIComponent(
  'const wait = setTimeout; globalThis.setTimeout = (call, ms, ...more) => wait(call, ms === 30_000 ? 5000 : ms, ...more)',
)}`

let server: TestServer
let gate: TcpGate
let url: string

beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
  gate = await openTcpGate(Number(new URL(server.url).port))
  url = `http://127.0.0.1:${gate.port}/graphql`
})

afterEach(endPrograms)

afterAll(async () => {
  await gate.close()
  await server.close()
})

const token = (): Promise<string> => tokenOf('ada', { roles: ['AUDITOR'], claims: { exp: 2 ** 31 } })

/** Creates jobs until an event of one of them arrives. */
async function untilConnected(heard: () => Promise<string[]> | string[]): Promise<void> {
  await eventually(async () => {
    await newJob(server.ledger)
    expect((await heard()).length).toBeGreaterThan(0)
  }, WAIT_MS)
}

/** Silences all connections; later events arrive over new ones. */
async function expectRecovery(heard: () => Promise<string[]> | string[]): Promise<void> {
  await untilConnected(heard)
  expect(gate.silence()).toBeGreaterThan(0)
  const { id } = await newJob(server.ledger)
  await eventually(async () => expect(await heard()).toContain(id), WAIT_MS)
}

describe('replaces a silent connection without missing an event', () => {
  it('in followJobEvents, after one interruption', { timeout: 2 * WAIT_MS }, async () => {
    const stop = new AbortController()
    const heard: string[] = []
    const interruptions: string[] = []
    const following = (async () => {
      const options = { url, token: await token(), silenceMs: SILENCE_MS, signal: stop.signal }
      const onInterruption = ({ message }: Error): void => void interruptions.push(message)
      for await (const { record } of followJobEvents({ ...options, onInterruption })) heard.push(record.job.jobId)
    })()
    await expectRecovery(() => heard)
    expect(interruptions).toEqual([expect.stringContaining(`nothing was received for ${SILENCE_MS / 1000} s`)])
    stop.abort()
    await following
    expect(new Set(heard).size).toBe(heard.length)
  })

  it('in `jobledger tail`', { timeout: 2 * WAIT_MS }, async () => {
    const environment = { JOBLEDGER_URL: url, JOBLEDGER_TOKEN: await token(), NODE_OPTIONS: SHORT_SILENCE }
    const program = runProgram('src/cli.ts', environment, ['tail', '--json'])
    await expectRecovery(() => [...program.stdout().matchAll(/"jobId":"([^"]+)"/g)].map(([, id]) => id as string))
    expect(program.stderr().match(/nothing was received for/g)).toHaveLength(1)
  })

  it('in the browser example', { timeout: 2 * WAIT_MS }, async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const heard: string[] = []
    const onEvent = ({ record }: { record: { job: { jobId: string } } }): void => void heard.push(record.job.jobId)
    const following = follow({ url, token: await token(), silenceMs: SILENCE_MS, onEvent })
    await expectRecovery(() => heard)
    expect(warn).toHaveBeenCalled()
    // It would follow for the rest of the process.
    warn.mockImplementation(() => expect.fail('over'))
    const over = expect(following).rejects.toThrow('over')
    gate.silence()
    await over
  })
})

/** The modules of the page, by path on its server. */
function modulesOfPage(): Map<string, string> {
  const fileOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
  const directory = mkdtempSync(join(tmpdir(), 'jobledger-'))
  const words = ['--outDir', directory, '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler']
  execFileSync(fileOf('node_modules/.bin/tsc'), [fileOf('examples/browserEvents.ts'), ...words, '--ignoreConfig'])
  const modules = new Map([['/browserEvents.js', readFileSync(join(directory, 'browserEvents.js'), 'utf8')]])
  rmSync(directory, { recursive: true })
  for (const name of ['client', 'common', 'parser', 'utils'])
    modules.set(`/${name}.mjs`, readFileSync(fileOf(`node_modules/graphql-sse/lib/${name}.mjs`), 'utf8'))
  return modules
}

const HTML = `<!doctype html><script type="importmap">{ "imports": { "graphql-sse": "/client.mjs" } }</script>`

async function openPage(browser: Browser): Promise<Page> {
  const page = await browser.newPage()
  const modules = modulesOfPage()
  await page.route(
    ({ pathname }) => pathname === '/page' || modules.has(pathname),
    async (route) => {
      const text = modules.get(new URL(route.request().url()).pathname)
      const contentType = text === undefined ? 'text/html' : 'text/javascript'
      await route.fulfill({ body: text ?? HTML, contentType })
    },
  )
  await page.goto(url.replace('/graphql', '/page'))
  return page
}

itInChromium('the example for browsers does so in Chromium', { timeout: 3 * WAIT_MS }, async () => {
  const browser = await openChromium()
  try {
    const page = await openPage(browser)
    await page.evaluate(
      `import('/browserEvents.js').then(({ follow }) => {
        window.heard = []
        void follow({ url: '/graphql', token: '${await token()}', silenceMs: ${SILENCE_MS},
          onEvent: ({ record }) => window.heard.push(record.job.jobId) })
      })`,
    )
    await expectRecovery(() => page.evaluate<string[]>('window.heard'))
  } finally {
    await browser.close()
  }
})
