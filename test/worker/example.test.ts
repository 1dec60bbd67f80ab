// The example of docs/workers.md is examples/worker.ts, and it works as a process of its own.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, expect, it, vi } from 'vitest'
import { PROTECTED, tokenOf } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { expectSoundHistories } from '../support/history.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { endpointOf, newJobs, stored } from './startWorker.ts'

vi.setConfig({ testTimeout: 120_000 })

const endings: (() => Promise<unknown>)[] = [endPrograms]

afterEach(async () => {
  for (const end of endings.splice(1).reverse()) await end()
})

function fileOf(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url))
}

async function startExample(server: TestServer): Promise<Program> {
  return runProgram('examples/worker.ts', {
    JOBLEDGER_URL: endpointOf(server),
    JOBLEDGER_TOKEN: await tokenOf('counter', { roles: ['WORKER'] }),
    TSX_TSCONFIG_PATH: fileOf('examples/tsconfig.json'),
  })
}

/** Pages for the example to count; /slow responds when the test allows it. */
async function startPages(): Promise<{ readonly url: string; readonly slow: ServerResponse[] }> {
  const slow: ServerResponse[] = []
  const pages = createServer((request, response) => {
    if (request.url === '/slow') slow.push(response)
    else response.writeHead(request.url === '/there' ? 200 : 404).end(' three plain  words\n')
  }).listen(0, '127.0.0.1')
  await once(pages, 'listening')
  endings.push(async () => {
    pages.closeAllConnections()
    pages.close()
  })
  return { url: `http://127.0.0.1:${(pages.address() as AddressInfo).port}`, slow }
}

it('appears unchanged in the documentation, in about 20 lines', () => {
  const example = readFileSync(fileOf('examples/worker.ts'), 'utf8')
  expect(readFileSync(fileOf('docs/workers.md'), 'utf8')).toContain(`\`\`\`ts\n${example}\`\`\``)
  expect(example.trimEnd().split('\n').length).toBeLessThanOrEqual(20)
})

it('completes and fails jobs, and finishes the running one on SIGTERM', async () => {
  const server = await startTestServer({ environment: PROTECTED })
  endings.push(() => server.close())
  const pages = await startPages()
  const [there] = await newJobs(server, 1, { preset: 'word-count', content: `${pages.url}/there` })
  const [missing] = await newJobs(server, 1, { preset: 'word-count', content: `${pages.url}/missing` })
  const [slow] = await newJobs(server, 1, { preset: 'word-count', content: `${pages.url}/slow` })
  const example = await startExample(server)
  await Promise.all([example.says(/^completed /m), example.says(/^failed /m)])
  await eventually(() => expect(pages.slow).toHaveLength(1), 60_000)
  expect((await stored(server, there as { id: string })).result).toMatchObject({
    status: 'SUCCESS',
    output: { words: 3 },
  })
  expect((await stored(server, missing as { id: string })).result).toMatchObject({
    status: 'ERROR',
    errorMessage: `${pages.url}/missing answered with status 404`,
  })

  example.process.kill('SIGTERM')
  await example.says(/^stopping /m)
  const [late] = await newJobs(server, 1, { preset: 'word-count', content: `${pages.url}/there` })
  pages.slow[0]?.end('one two')
  expect(await example.ended).toEqual({ code: 0, signal: null })
  expect(await stored(server, slow as { id: string })).toMatchObject({
    state: 'COMPLETED',
    stateActor: 'user:counter',
    result: { output: { words: 2 } },
  })
  expect((await stored(server, late as { id: string })).state).toBe('PENDING')
  const session = new pg.Client({ connectionString: server.databaseUrl })
  await session.connect()
  await expectSoundHistories(session)
  await session.end()
})
