// `jobledger jobs`: list, show, cancel, retry, bulk, outcomes and abort, as processes against a
// server.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { startBulkAction } from '../../src/ledger/startBulkAction.ts'
import { eventually } from '../support/eventually.ts'
import { jobIn, newJob } from '../support/factories.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

vi.setConfig({ testTimeout: 60_000 })

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ environment: { BULK_INTERVAL_SECONDS: '1' } })
})
afterEach(endPrograms)
afterAll(() => server.close())

function start(words: string[], url = server.url): Program {
  return runProgram('src/cli.ts', { JOBLEDGER_URL: `${url}/graphql` }, ['jobs', ...words])
}

async function jobs(...words: string[]) {
  const program = start(words)
  const { code } = await program.ended
  return { code, out: program.stdout(), err: program.stderr() }
}

const jsonLines = (text: string) => text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))

let users = 0
function newUser(): string {
  users += 1
  return `user-${users}`
}

const stateOf = async (id: string) => (await server.ledger.prisma.job.findUniqueOrThrow({ where: { id } })).state

describe('jobs list', () => {
  it('prints a table of the jobs that match, and JSON lines of the same jobs', async () => {
    const user = newUser()
    const { id } = await jobIn(server.ledger, 'FAILED', { userId: user, preset: 'fast' })
    await newJob(server.ledger, { userId: user, preset: 'slow' })
    const filter = ['--user', user, '--not-preset', 'slow', '--not-state', 'pending', '--created-after', '2020-01-01']
    const table = await jobs('list', ...filter)
    expect(table).toMatchObject({ code: 0, err: '' })
    expect(table.out.split('\n')[0]).toMatch(/^job +state +user +preset +created +changed +by +reason$/)
    expect(table.out.split('\n')[1]).toMatch(new RegExp(`^${id} +FAILED +${user} +fast +\\S+ +\\S+ +tester +-$`))
    expect(table.out.split('\n')).toHaveLength(3)
    const { out } = await jobs('list', ...filter, '--json')
    expect(jsonLines(out)).toMatchObject([{ jobId: id, state: 'FAILED', userId: user }])
  })

  it('stops at the limit, in the order that was asked for', async () => {
    const user = newUser()
    const ids: string[] = []
    for (let n = 0; n < 3; n += 1) ids.push((await newJob(server.ledger, { userId: user })).id)
    const { out } = await jobs('list', '--user', user, '--limit', '2', '--oldest-first', '--json')
    expect(jsonLines(out).map(({ jobId }) => jobId)).toEqual(ids.slice(0, 2))
    expect(await jobs('list', '--user', 'nobody')).toMatchObject({ code: 0, out: 'No job matches.\n' })
  })

  it.each([
    [['--state', 'lost'], '--state must be one of PENDING, PROCESSING, COMPLETED, FAILED, CANCELLED (got "lost").\n'],
    [
      ['--updated-after', 'now'],
      '--updated-after must be a date or an instant, such as 2026-11-27T12:00:00Z (got "now").\n',
    ],
    [['--metadata', '[1]'], `--metadata must be a JSON object, such as '{"customer": 7}' (got [1]).\n`],
    [['--id', 'x'], 'The server refused: ids.0: must be the id of a job (got "x").\n'],
    [['--user', ''], 'The server refused: --user must have 1 to 200 characters (got 0).\n'],
  ])('names the option of a value that cannot be used: %j', async (words, err) => {
    expect(await jobs('list', ...words)).toEqual({ code: 1, out: '', err })
  })
})

describe('jobs show', () => {
  it('prints a job with its history and result', async () => {
    const { id } = await jobIn(server.ledger, 'FAILED')
    const { code, out } = await jobs('show', id)
    expect(code).toBe(0)
    expect(out).toMatch(/^state +FAILED$/m)
    expect(out).toMatch(/^ +3 {2}PROCESSING +FAILED +\d+ +tester/m)
    const { out: json } = await jobs('show', id, '--json')
    expect(JSON.parse(json)).toMatchObject({ jobId: id, stateHistory: { totalCount: 3 }, result: null })
    const missing = '01890000-0000-7000-8000-000000000000'
    expect(await jobs('show', missing)).toEqual({ code: 1, out: '', err: `Job ${missing} does not exist.\n` })
  })
})

describe('jobs cancel and jobs retry', () => {
  it('change each job, and exit with 1 if one is refused', async () => {
    const pending = await newJob(server.ledger)
    const processing = await jobIn(server.ledger, 'PROCESSING')
    const completed = await jobIn(server.ledger, 'COMPLETED')
    const cancelled = await jobs('cancel', pending.id, processing.id, '--reason', 'not needed')
    expect(cancelled).toEqual({
      code: 0,
      err: '',
      out: `${pending.id}: CANCELLED\n${processing.id}: cancellation requested\n`,
    })
    const failed = await jobIn(server.ledger, 'FAILED')
    const retried = await jobs('retry', completed.id, failed.id, '--json')
    expect(retried.code).toBe(1)
    expect(jsonLines(retried.out)).toMatchObject([
      { id: completed.id, outcome: { __typename: 'IllegalTransition', code: 'ILLEGAL_TRANSITION' } },
      { id: failed.id, outcome: { job: { state: 'PENDING' } } },
    ])
  })
})

describe('jobs bulk', () => {
  it('is a dry run without --confirm, starts with the count that it showed, and prints how it ended', async () => {
    const user = newUser()
    const failed = await jobIn(server.ledger, 'FAILED', { userId: user })
    await jobIn(server.ledger, 'COMPLETED', { userId: user })
    const words = ['bulk', 'retry', '--user', user, '--reason', 'disk full']
    const preview = await jobs(...words)
    expect(preview).toMatchObject({ code: 0, err: '' })
    expect(preview.out).toContain('Dry run of retry: 2 jobs match, 1 would be changed.')
    expect(preview.out).toContain('The job is COMPLETED.')
    expect(preview.out).toContain('run the command again with --confirm 2.')
    expect(await stateOf(failed.id)).toBe('FAILED')
    expect(await jobs(...words, '--confirm', '3')).toMatchObject({
      code: 1,
      err: 'The bulk action was refused: The number of matching jobs is now 2 (expected 3). Repeat the dry run before you retry.\n',
    })
    const { code, out } = await jobs(...words, '--confirm', '2', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ state: 'COMPLETED', matched: 2, done: 1, refused: 1 })
    expect(await stateOf(failed.id)).toBe('PENDING')
  })

  it('has an outcome for each job, which jobs outcomes prints', async () => {
    const user = newUser()
    const failed = await jobIn(server.ledger, 'FAILED', { userId: user })
    const completed = await jobIn(server.ledger, 'COMPLETED', { userId: user })
    const words = ['bulk', 'retry', '--user', user, '--reason', 'r', '--confirm', '2', '--json']
    const { id } = JSON.parse((await jobs(...words)).out)
    const uuid = Buffer.from(id, 'base64').toString().slice('BulkAction:'.length)
    const refused = { jobId: completed.id, outcome: 'REFUSED', reason: expect.stringContaining('COMPLETED') }
    const printed = async (...options: string[]) => jsonLines((await jobs('outcomes', ...options, '--json')).out)
    expect(await printed(id)).toEqual([{ jobId: failed.id, outcome: 'DONE', reason: null }, refused])
    expect(await printed(uuid, '--outcome', 'refused')).toEqual([refused])
    expect(await printed(id, '--limit', '1')).toHaveLength(1)
    const { out } = await jobs('outcomes', id)
    expect(out.split('\n')[0]).toMatch(/^job +outcome +reason$/)
    expect(out.split('\n')[1]).toMatch(new RegExp(`^${failed.id} +DONE +-$`))
    expect((await jobs('outcomes', id, '--outcome', 'not-processed')).out).toBe('No job has this outcome.\n')
    expect(await jobs('outcomes', failed.id)).toMatchObject({
      code: 1,
      err: `Bulk action ${failed.id} does not exist.\n`,
    })
  })

  it('prints the action at once with --no-wait', async () => {
    const { url } = await endlessAction(() => expect.fail('was polled'))
    const program = start([...CONFIRMED, '--no-wait'], url)
    expect(await program.ended).toMatchObject({ code: 0 })
    expect(program.stdout()).toBe(`Bulk action ${ENDLESS.id} (CANCEL) is RUNNING: 1 of 2 jobs done, 0 refused.\n`)
  })

  it('ends its waiting, but not the action, on a signal', async () => {
    let polls = 0
    const { url } = await endlessAction((respond) => {
      respond({ node: ENDLESS })
      polls += 1
    })
    const program = start(CONFIRMED, url)
    await eventually(() => expect(polls).toBeGreaterThan(0))
    program.process.kill('SIGINT')
    expect(await program.ended).toMatchObject({ code: 130 })
    expect(program.stderr()).toMatch(CONTINUES)
  })

  it('names the action when the server is lost while it waits', async () => {
    const { url } = await endlessAction((_, disconnect) => disconnect())
    const program = start(CONFIRMED, url)
    expect(await program.ended).toMatchObject({ code: 1 })
    expect(program.stderr()).toContain('No response from')
    expect(program.stderr()).toMatch(CONTINUES)
  })

  it('is aborted by jobs abort', async () => {
    const request = {
      action: 'CANCEL',
      filter: { userId: newUser() },
      reason: 'r',
      actor: 'a',
      expectedCount: 0,
    } as const
    const { bulkAction } = await startBulkAction(server.ledger, request)
    const { code, out } = await jobs('abort', bulkAction.id)
    expect(code).toBe(0)
    expect(out).toMatch(/\(CANCEL\) is (ABORTED|COMPLETED): 0 of 0 jobs done, 0 refused\.\n$/)
    const missing = '01890000-0000-7000-8000-000000000000'
    expect(await jobs('abort', missing)).toMatchObject({ code: 1, err: `Bulk action ${missing} does not exist.\n` })
  })
})

const ENDLESS = {
  id: 'endless',
  action: 'CANCEL',
  state: 'RUNNING',
  matched: 2,
  done: 1,
  refused: 0,
  error: null,
  refusals: [],
}
const CONFIRMED = ['bulk', 'cancel', '--reason', 'r', '--confirm', '2']
const CONTINUES = /The bulk action continues\. To end it: .* jobs abort endless\n$/

/** A server whose bulk action never ends. Calls `onPoll` when the command asks for it. */
async function endlessAction(
  onPoll: (respond: (data: object) => void, disconnect: () => void) => void,
): Promise<{ url: string }> {
  const endless = createServer(async (request, response) => {
    const respond = (data: object): void => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ data }))
    }
    if ((await text(request)).includes('query BulkActionNow')) onPoll(respond, () => request.socket.destroy())
    else respond({ outcome: { __typename: 'BulkActionStarted', bulkAction: ENDLESS } })
  })
  onTestFinished(async () => {
    endless.closeAllConnections()
    await new Promise((resolve) => endless.close(resolve))
  })
  await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(endless.address() as AddressInfo).port}` }
}
