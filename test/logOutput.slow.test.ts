// The log on an output that takes nothing: a full disk, a pipe that nothing reads, a pipe whose
// reader has ended.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from './support/database.ts'
import { eventually } from './support/eventually.ts'
import { fixedPort } from './support/fixedPort.ts'
import { endPrograms, runProgram } from './support/program.ts'
import { startTestServer } from './support/server.ts'

const DROPPED = /^The log cannot be written: (.+)\. Lines are dropped until it can be written again\.$/gm

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterEach(endPrograms)
afterAll(() => database.drop())

function environment(more: Record<string, string> = {}): Record<string, string> {
  return { DATABASE_URL: database.url, AUTH: 'open', NODE_ENV: 'production', ...more }
}

function onFullDisk(file: string, variables: Record<string, string>, words: string[] = []) {
  const full = openSync('/dev/full', 'w')
  const program = runProgram(file, variables, words, { stdout: full })
  closeSync(full)
  return program
}

async function answers(port: number): Promise<void> {
  await eventually(async () => expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200), 30_000)
}

async function dropsOnce(program: { stderr(): string }, cause: string): Promise<void> {
  await eventually(() => expect([...program.stderr().matchAll(DROPPED)].map(([, why]) => why)).toEqual([cause]))
}

const NO_SPACE = 'ENOSPC: no space left on device, write'

describe('a log on a full disk', () => {
  it.each(['production', 'development'])('lets the server in %s answer and end, and is reported once', async (mode) => {
    const port = await fixedPort()
    const program = onFullDisk('src/main.ts', environment({ PORT: String(port), NODE_ENV: mode, LOG_LEVEL: 'debug' }))
    await answers(port)
    await fetch(`http://127.0.0.1:${port}/graphql?query={__typename}`)
    await dropsOnce(program, NO_SPACE)
    program.process.kill('SIGTERM')
    expect(await program.ended).toEqual({ code: 0, signal: null })
    await dropsOnce(program, NO_SPACE)
  })

  it('lets `maintain` continue until it is stopped', async () => {
    const program = onFullDisk('src/cli.ts', environment(), ['maintain'])
    await dropsOnce(program, NO_SPACE)
    program.process.kill('SIGTERM')
    expect(await program.ended).toEqual({ code: 0, signal: null })
  })

  it('lets a worker do its jobs', async () => {
    const server = await startTestServer()
    const { data } = await server.request(
      'mutation { createJob(input: { userId: "ada", content: "x" }) { ... on CreateJobSuccess { job { id } } } }',
    )
    const program = onFullDisk('src/cli.ts', { JOBLEDGER_URL: `${server.url}/graphql` }, [
      'worker',
      '--exec',
      '/bin/true',
    ])
    await eventually(async () => {
      const now = await server.request('query ($id: ID!) { job(id: $id) { state } }', { id: data.createJob.job.id })
      expect(now.data.job.state).toBe('COMPLETED')
    }, 30_000)
    program.process.kill('SIGTERM')
    expect(await program.ended).toEqual({ code: 0, signal: null })
    await dropsOnce(program, NO_SPACE)
    await server.close()
  })
})

describe('a log in a pipe', () => {
  /** A server whose standard output is a pipe that the test reads when it likes. */
  async function startUnread() {
    const port = await fixedPort()
    const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
    const child = spawn(process.execPath, [main], {
      cwd: tmpdir(),
      env: { PATH: process.env.PATH, ...environment({ PORT: String(port), LOG_LEVEL: 'debug' }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    await answers(port)
    return { child, port, stderr: () => said }
  }

  async function fill(port: number, until: () => boolean): Promise<void> {
    const headers = { 'content-type': 'application/json', 'x-request-id': 'x'.repeat(100) }
    const body = JSON.stringify({ query: `{ ${'x'.repeat(2000)} }` })
    while (!until()) {
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          const answer = await fetch(`http://127.0.0.1:${port}/graphql`, { method: 'POST', headers, body })
          await answer.text()
        }),
      )
    }
  }

  it('that nothing reads is dropped, and resumes when it is read again', async () => {
    const { child, port, stderr } = await startUnread()
    await fill(port, () => stderr().includes('its reader does not read it'))
    await answers(port)
    await dropsOnce({ stderr }, 'its reader does not read it')
    child.stdout.resume()
    await fill(port, () => stderr().includes('The log can be written again;'))
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('whose reader has ended does not end the server', async () => {
    const { child, port, stderr } = await startUnread()
    child.stdout.destroy()
    await fill(port, () => stderr().includes('its reader has ended'))
    await answers(port)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    await dropsOnce({ stderr }, 'its reader has ended')
  })
})
