// Query.eventDelay over HTTP, while a transaction is open.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { jobCreatedAt } from '../support/factories.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { onServer } from '../support/testRun.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
})
afterAll(() => server.close())

const QUERY = '{ eventDelay { seconds transaction { pid application database } } }'

async function eventDelay(role: 'USER' | 'WORKER' | 'AUDITOR' | 'ADMIN') {
  const { data, errors } = await server.request(QUERY, {}, await asUser(role.toLowerCase(), role))
  expect(errors).toBeUndefined()
  return data.eventDelay as { seconds: number; transaction: object | null }
}

it('says to every role how long events wait, and to AUDITOR and ADMIN for which transaction', async () => {
  await eventually(async () => expect(await eventDelay('ADMIN')).toEqual({ seconds: 0, transaction: null }))
  await onServer(server.databaseUrl, async (client) => {
    await client.query("SET application_name = 'left open'; BEGIN; SELECT pg_current_xact_id()")
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid, current_database() AS database')
    await jobCreatedAt(server.ledger, new Date(Date.now() - 3_600_000))
    const transaction = { ...rows[0], application: 'left open' }
    // Other tests have transactions, too, for a moment.
    for (const role of ['AUDITOR', 'ADMIN'] as const)
      await eventually(async () =>
        expect(await eventDelay(role)).toEqual({ seconds: expect.closeTo(3600, -2), transaction }),
      )
    for (const role of ['USER', 'WORKER'] as const)
      expect(await eventDelay(role)).toEqual({ seconds: expect.closeTo(3600, -2), transaction: null })
    await client.query('ROLLBACK')
  })
  await eventually(async () => expect(await eventDelay('ADMIN')).toEqual({ seconds: 0, transaction: null }))
})
