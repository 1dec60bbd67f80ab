// A rolling deploy: a server of an older version keeps running while the schema gets the migrations
// that are marked as compatible, and can be restarted on it.
import { relative } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { sendOperation } from '../../src/client/sendOperation.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { CHECKOUT, prismaCli } from '../support/prismaCli.ts'
import { endPrograms, runProgram } from '../support/program.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { checkOut, olderCommit } from './olderCheckout.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const JOB = '... on CreateJobSuccess { job { id } }'
const commit = olderCommit()
if (commit === undefined) console.warn('!!! SKIPPED: an older server on the newest schema, because git lacks its code.')

describe.skipIf(commit === undefined)('a server of an older version', () => {
  let older: ReturnType<typeof checkOut>
  let database: TestDatabase
  let newer: TestServer | undefined

  beforeAll(async () => {
    older = checkOut(commit ?? '')
    database = await createTestDatabase({ empty: true })
    expect(await prismaCli(['generate'], database.url, older.folder)).toMatchObject({ code: 0 })
    expect(await prismaCli(['migrate', 'deploy'], database.url, older.folder)).toMatchObject({ code: 0 })
  })
  afterEach(endPrograms)
  afterAll(async () => {
    await newer?.close()
    await database?.drop()
    older?.remove()
  })

  async function startOlder(): Promise<string> {
    const environment = { DATABASE_URL: database.url, AUTH: 'open', PORT: '0', ROLLUP_INTERVAL_SECONDS: '1' }
    const program = runProgram(`${relative(CHECKOUT, older.folder)}/src/main.ts`, environment, [], {
      cwd: older.folder,
    })
    return (await program.says(/listens on (http:\/\/localhost:\d+)\/graphql/))[1] ?? ''
  }

  async function ask(url: string, query: string, variables: object = {}) {
    // biome-ignore lint/suspicious/noExplicitAny: operations differ
    const { data, errors } = await sendOperation<any>(`${url}/graphql`, { query, variables }, {})
    expect(errors, query).toBeUndefined()
    return data
  }

  const readiness = async (url: string) => await (await fetch(`${url}/readyz`)).json()

  /** Uses the API for a user, from creation to deletion. Returns the id of a completed job. */
  async function use(url: string, userId: string): Promise<string> {
    const create = async () =>
      (
        await ask(
          url,
          `mutation ($userId: String!) { createJob(input: { userId: $userId, content: "c" }) { ${JOB} } }`,
          { userId },
        )
      ).createJob.job.id as string
    const [done, failed, removed] = [await create(), await create(), await create()]
    const mutations = [
      `claimJobs(input: { workerId: "w", limit: 2, jobIds: ["${done}", "${failed}"] })`,
      `completeJob(input: { jobId: "${done}", output: { done: true } })`,
      `setJobResult(input: { jobId: "${done}", status: SUCCESS, output: [1] })`,
      `failJob(input: { jobId: "${failed}", errorMessage: "no" })`,
      `deleteJob(input: { jobId: "${removed}" })`,
    ]
    for (const mutation of mutations) {
      const [answer] = Object.values(await ask(url, `mutation { ${mutation} { __typename } }`))
      expect(answer, mutation).toMatchObject({ __typename: expect.stringMatching(/Success$/) })
    }
    expect(
      await ask(
        url,
        `query ($userId: String!) { jobCount(filter: { userId: $userId }) jobs(filter: { userId: $userId }) {
          nodes { state result { status } stateHistory { totalCount } } } }`,
        { userId },
      ),
    ).toEqual({
      jobCount: 2,
      jobs: {
        nodes: [
          { state: 'FAILED', result: { status: 'ERROR' }, stateHistory: { totalCount: 3 } },
          { state: 'COMPLETED', result: { status: 'SUCCESS' }, stateHistory: { totalCount: 3 } },
        ],
      },
    })
    return done
  }

  it('is ready and works after the migration as before, also when it is restarted', async () => {
    const running = await startOlder()
    const before = await use(running, 'before')
    expect(await prismaCli(['migrate', 'deploy'], database.url)).toMatchObject({ code: 0 })
    await eventually(async () => expect(await readiness(running)).toEqual({ status: 'ready' }))
    const after = await use(running, 'after')
    const restarted = await startOlder()
    await eventually(async () => expect(await readiness(restarted)).toEqual({ status: 'ready' }))
    const again = await use(restarted, 'again')

    newer = await startTestServer({ databaseUrl: database.url })
    expect(await readiness(newer.url)).toEqual({ status: 'ready' })
    const { nodes } = await ask(
      newer.url,
      'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Job { state result { output } } } }',
      { ids: [before, after, again] },
    )
    expect(nodes).toEqual(Array(3).fill({ state: 'COMPLETED', result: { output: [1] } }))
  })
})
