// Missing Google credentials are reported in a sentence and do not stop a server.
import { afterEach, expect, it, vi } from 'vitest'
import { createTestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { endPrograms, runProgram } from '../support/program.ts'

vi.setConfig({ testTimeout: 60_000 })

const WITHOUT = { PUBSUB_TOPIC: 'projects/my-project/topics/jobs', METADATA_SERVER_DETECTION: 'none' }

afterEach(endPrograms)

it('reports missing credentials in `pubsub setup`', async () => {
  const program = runProgram('src/cli.ts', WITHOUT, ['pubsub', 'setup'])
  expect(await program.ended).toEqual({ code: 1, signal: null })
  expect(program.stderr()).toMatch(/^Pub\/Sub set-up failed: Could not load the default credentials\./)
  expect(program.stderr()).not.toMatch(/\n +at /)
})

it('reports missing credentials in the server, which serves and retries', async () => {
  const database = await createTestDatabase()
  const server = runProgram('src/main.ts', {
    ...WITHOUT,
    DATABASE_URL: database.url,
    AUTH: 'open',
    NODE_ENV: 'production',
    PORT: '0',
  })
  const [, url = ''] = await server.says(/"url":"([^"]+)"/)
  const create = async (): Promise<unknown> => {
    const body = JSON.stringify({ query: 'mutation { createJob(input: { content: "x" }) { __typename } }' })
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    return response.json()
  }
  const created = { data: { createJob: { __typename: 'CreateJobSuccess' } } }
  expect(await create()).toEqual(created)
  await server.says(/publishing failed; retrying/)
  await new Promise((resolve) => setTimeout(resolve, 1500))
  expect(await create()).toEqual(created)
  server.process.kill('SIGTERM')
  await eventually(() => expect(server.process.exitCode).toBe(0), 20_000)
  await database.drop()
})
