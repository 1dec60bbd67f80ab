// A corpus of hostile requests (hostile/) against a production server in its own process. Each is
// answered or refused in time, without using up memory, and the server works normally afterwards.
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'
import { BODIES } from './hostile/bodies.ts'
import { DOCUMENTS } from './hostile/documents.ts'
import type { HostileRequest } from './hostile/hostileRequest.ts'
import { HTTP } from './hostile/http.ts'
import { INPUTS } from './hostile/inputs.ts'

vi.setConfig({ testTimeout: 60_000 })

const ANSWERED_MS = 250
const EXTRA_BYTES = 50 * 1024 * 1024
/** Number of attempts. The fastest counts, because the machine may be busy. */
const TIMES = 5

const MEASURES_PROCESS = process.platform === 'linux'
if (!MEASURES_PROCESS)
  console.warn('SKIPPED: what hostile requests take up of memory and processor is measured on Linux only.')

// With this header, a request that is refused as a whole has an error status.
const ACCEPT = 'application/graphql-response+json'

let database: TestDatabase
let program: Program
let url: string

beforeAll(async () => {
  database = await createTestDatabase()
  const environment = { NODE_ENV: 'production', AUTH: 'open', PORT: '0', RATE_LIMIT_PER_SECOND: '0' }
  program = runProgram('src/main.ts', { DATABASE_URL: database.url, ...environment })
  const [line] = await program.says(/.*"listening".*/)
  url = JSON.parse(line).url
  for (let times = 0; times < 100; times += 1) await expectWell()
}, 120_000)

afterAll(async () => {
  await endPrograms()
  await database.drop()
})

interface Outcome {
  readonly status: number
  readonly text: string
  readonly ms: number
}

async function send({
  body,
  search = '',
  headers,
  method = 'POST',
}: Omit<HostileRequest, 'name' | 'statuses'>): Promise<Outcome> {
  const startedAt = performance.now()
  const workedBefore = processorMs()
  const response = await fetch(`${url}${search}`, {
    method,
    headers: { accept: ACCEPT, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body }),
  })
  const text = await response.text()
  const clockMs = performance.now() - startedAt
  // On a machine that is busy with other things the work of the server is what it took, unless it
  // waited for something.
  const isBusyMachine = MEASURES_PROCESS && clockMs < 10 * ANSWERED_MS
  const ms = isBusyMachine ? Math.min(clockMs, processorMs() - workedBefore) : clockMs
  return { status: response.status, text, ms }
}

async function expectWell(): Promise<void> {
  const { status, text } = await send({
    body: '{"query":"{ jobs(first: 1) { pageInfo { hasNextPage } } viewer { roles } }"}',
  })
  expect(status).toBe(200)
  expect(JSON.parse(text)).toEqual({
    data: {
      jobs: { pageInfo: { hasNextPage: expect.any(Boolean) } },
      viewer: { roles: ['USER', 'WORKER', 'AUDITOR', 'ADMIN'] },
    },
  })
}

/** Memory of the server in bytes: now, or the maximum since `forgetPeak` was called. */
function memory(which: 'VmRSS' | 'VmHWM'): number {
  if (!MEASURES_PROCESS) return 0
  const status = readFileSync(`/proc/${program.process.pid}/status`, 'utf8')
  return Number(new RegExp(`${which}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024
}

/**
 * Processor time that the server has used, in milliseconds; the wall clock where the system does
 * not report it.
 */
function processorMs(): number {
  if (!MEASURES_PROCESS) return 0
  // Fields 14 and 15, after the name, in hundredths of a second (proc(5)).
  const fields = readFileSync(`/proc/${program.process.pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return 10 * (Number(fields[11]) + Number(fields[12]))
}

function forgetPeak(): void {
  if (MEASURES_PROCESS) writeFileSync(`/proc/${program.process.pid}/clear_refs`, '5')
}

describe('a hostile request', () => {
  it.each([...DOCUMENTS, ...BODIES, ...INPUTS, ...HTTP])(
    'is answered or refused within the limits: $name',
    async ({ statuses, ...request }) => {
      forgetPeak()
      const before = memory('VmRSS')
      const first = await send(request)
      const extra = memory('VmHWM') - before
      expect(statuses, first.text.slice(0, 300)).toContain(first.status)
      expect(first.text).not.toMatch(/\n\s+at |INTERNAL_SERVER_ERROR|node_modules|SELECT/)
      const ms = [first.ms]
      while (Math.min(...ms) > ANSWERED_MS && ms.length < TIMES) ms.push((await send(request)).ms)
      expect(Math.min(...ms)).toBeLessThan(ANSWERED_MS)
      expect(extra).toBeLessThan(EXTRA_BYTES)
      await expectWell()
    },
  )

  it('leaves neither secrets nor internal errors in the log', () => {
    const lines = program
      .stdout()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.filter(({ level }) => ['error', 'fatal'].includes(level))).toEqual([])
    expect(program.stderr()).toBe('')
  })
})
