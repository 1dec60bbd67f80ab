// The last lines of the log of a server whose output is read slowly.
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from './support/database.ts'
import { eventually } from './support/eventually.ts'
import { fixedPort } from './support/fixedPort.ts'

/** More lines than a pipe of Linux, which holds 64 KiB, and the buffer of Node hold. */
const REQUESTS = 1000
/** As long as the server once waited for its reader. */
const SLOW_MS = 4000

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

it('reach a reader of the pipe that is slow', { timeout: 120_000 }, async () => {
  const port = await fixedPort()
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
  const child = spawn(process.execPath, [main], {
    cwd: tmpdir(),
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: database.url,
      PORT: String(port),
      AUTH: 'open',
      NODE_ENV: 'production',
      LOG_LEVEL: 'debug',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = `http://127.0.0.1:${port}/graphql`
  const ask = (): Promise<string> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ __typename }"}',
    }).then((response) => response.text())
  await eventually(() => ask(), 60_000)
  for (let n = 0; n < REQUESTS; n += 1) await ask()
  child.kill('SIGTERM')
  await eventually(() => expect(ask()).rejects.toThrow('fetch failed'), 30_000)
  await delay(SLOW_MS)
  const lines = (await text(child.stdout)).trimEnd().split('\n')
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ msg: expect.stringMatching(/^SIGTERM: no new connections/) })
  expect(lines.filter((line) => line.includes('request answered')).length).toBeGreaterThanOrEqual(REQUESTS)
})
