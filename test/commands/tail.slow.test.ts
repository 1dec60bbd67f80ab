// `jobledger tail`, for people and for scripts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { failJob } from '../../src/ledger/finishJob.ts'
import { transitionJob } from '../../src/ledger/transitionJob.ts'
import { eventually } from '../support/eventually.ts'
import { ACTOR, jobIn, newJob } from '../support/factories.ts'
import { passedHorizon } from '../support/passedHorizon.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { openTcpGate } from '../support/tcpGate.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
})

afterEach(endPrograms)

afterAll(() => server.close())

function tail(...words: string[]): Program {
  return runProgram('src/cli.ts', { JOBLEDGER_URL: `${server.url}/graphql` }, ['tail', ...words])
}

const lines = (program: Program): string[] => program.stdout().split('\n').slice(0, -1)

/** The position after all current records. */
async function cursorOfNow(): Promise<string> {
  await passedHorizon(server.ledger)
  return (await server.request<{ latestEventCursor: string }>('{ latestEventCursor }')).data.latestEventCursor
}

describe('tail', () => {
  it('prints a line for each new event until it is stopped', async () => {
    await newJob(server.ledger, { userId: 'before' })
    const program = tail()
    await eventually(async () => {
      await newJob(server.ledger)
      expect(lines(program).length).toBeGreaterThan(0)
    })
    const { id } = await newJob(server.ledger)
    const reason = 'because\nof \u001b[31mthis'
    const { updatedAt } = await transitionJob(server.ledger, { jobId: id, to: 'PROCESSING', actor: ACTOR, reason })
    const line = `${updatedAt.toISOString()}  ${id}  PENDING -> PROCESSING   tester  because of  [31mthis`
    await eventually(() => expect(lines(program).at(-1)?.replace(/ +/g, ' ')).toBe(line.replace(/ +/g, ' ')))
    program.process.kill('SIGINT')
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expect(program.stderr()).toBe('')
  })

  it('prints the error of an attempt', async () => {
    const after = await cursorOfNow()
    const { id } = await jobIn(server.ledger, 'PROCESSING', { userId: 'failing' })
    await failJob(server.ledger, { jobId: id, actor: ACTOR, reason: 'gave up', errorMessage: 'no paper\nleft' })
    const filter = ['--after', after, '--user', 'failing', '--state', 'FAILED']
    const text = tail(...filter)
    const line = await eventually(() => lines(text)[0] ?? expect.fail('prints nothing'))
    expect(line).toMatch(/PROCESSING -> FAILED +tester +gave up +no paper left$/)
    const json = tail('--json', ...filter)
    const event = await eventually(() => JSON.parse(lines(json)[0] ?? ''))
    expect(event).toMatchObject({ newState: 'FAILED', reason: 'gave up', error: 'no paper\nleft' })
  })

  it('prints selected events as JSON with cursors to resume from', async () => {
    const after = await cursorOfNow()
    const { id } = await jobIn(server.ledger, 'COMPLETED', { userId: 'of-tail', preset: 'nightly' })
    await jobIn(server.ledger, 'COMPLETED')
    const program = tail('--json', '--after', after, '--user', 'of-tail', '--state', 'processing', 'COMPLETED')
    const events = await eventually(() => {
      expect(lines(program)).toHaveLength(2)
      return lines(program).map((line) => JSON.parse(line))
    })
    const [first, second] = events
    expect(first).toEqual({
      eventId: `${id}:2`,
      cursor: expect.any(String),
      jobId: id,
      sequence: 2,
      previousState: 'PENDING',
      newState: 'PROCESSING',
      reason: null,
      error: null,
      metadata: {},
      actor: ACTOR,
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      userId: 'of-tail',
      preset: 'nightly',
    })
    expect(second).toMatchObject({ eventId: `${id}:3`, newState: 'COMPLETED' })
    const rest = tail('--json', '--after', first.cursor, '--job', id, '--actor', ACTOR)
    await eventually(() => expect(lines(rest).map((line) => JSON.parse(line))).toEqual([second]))
  })

  it('loses nothing with a slow reader, and ends with the first event after the reader has closed', async () => {
    const after = await cursorOfNow()
    for (let n = 0; n < 30; n++) await newJob(server.ledger)
    const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
    const script = '"$0" "$1" tail --json --after "$2" | (sleep 1; head -n 30; echo read >&2)'
    const child = spawn('sh', ['-c', script, process.execPath, cli, after], {
      env: { PATH: process.env.PATH, JOBLEDGER_URL: `${server.url}/graphql` },
    })
    const [read, said, ended] = [text(child.stdout), text(child.stderr), once(child, 'close')]
    await once(child.stderr, 'data')
    await eventually(async () => {
      await newJob(server.ledger)
      expect(child.exitCode).toBe(0)
    })
    await ended
    expect((await read).trimEnd().split('\n')).toHaveLength(30)
    expect(await said).toBe('read\n')
  })

  it.each([
    [
      'an invalid cursor',
      ['--after', 'x'],
      /refuses the subscriber \(BAD_USER_INPUT\): --after is not a cursor \(got "x"\)\. Pass the `cursor`/,
    ],
    [
      'an invalid job id',
      ['--job', 'x'],
      /refuses the subscriber \(BAD_USER_INPUT\): --job must be the id of a job \(got "x"\)/,
    ],
    ['an invalid state', ['--state', 'DONE'], /^--state must be one of PENDING, .* \(got "DONE"\)\.\n$/],
    ['an invalid URL', ['--url', 'here'], /^--url must be the URL of an endpoint/],
  ])('says in one sentence what is wrong with %s', async (_, words, message) => {
    const program = tail(...words)
    expect(await program.ended).toEqual({ code: 1, signal: null })
    expect(program.stderr()).toMatch(message)
    expect(program.stderr()).not.toMatch(/ at /)
  })

  it('stops with instructions when the ledger was restored without the last events', async () => {
    const program = tail()
    await eventually(async () => {
      await newJob(server.ledger)
      expect(lines(program).length).toBeGreaterThan(0)
    })
    await server.database.pool.query("UPDATE jobledger.ledger_timelines SET location = 'elsewhere'")
    expect(await program.ended).toEqual({ code: 1, signal: null })
    expect(program.stderr()).toMatch(
      /^The ledger was restored.*Retrying\.\n.*refuses the subscriber \(BAD_USER_INPUT\): --after belongs to a timeline.*\n$/,
    )
  })

  it('reports an outage once, regardless of retries, and its end once', async () => {
    const real = Number(new URL(server.url).port)
    let requests = 0
    const broken = createServer((_, response) => {
      requests += 1
      response.writeHead(503).end('no server')
    }).listen(0, '127.0.0.1')
    await once(broken, 'listening')
    const gate = await openTcpGate(real)
    const url = `http://127.0.0.1:${gate.port}/graphql`
    const program = runProgram('src/cli.ts', { JOBLEDGER_URL: url }, ['tail'])
    const printed = async (more: number): Promise<void> => {
      const before = lines(program).length
      await eventually(async () => {
        await newJob(server.ledger)
        expect(lines(program).length).toBeGreaterThanOrEqual(before + more)
      })
    }
    await printed(1)
    gate.lead((broken.address() as AddressInfo).port)
    await gate.close()
    await gate.open()
    await eventually(() => expect(requests).toBeGreaterThan(4), 30_000)
    gate.lead(real)
    await printed(1)
    program.process.kill('SIGTERM')
    await program.ended
    const said = program.stderr().split('\n')
    const away = `${url} responded with status 503 and no GraphQL response: no server Retrying.`
    expect(said.filter((line) => line === away)).toHaveLength(1)
    expect(new Set(said).size).toBe(said.length)
    expect(said.slice(-2)).toEqual([`${url} responds again.`, ''])
    await gate.close()
    broken.close()
  })

  it('waits for an unavailable server, and reports it', async () => {
    const program = runProgram('src/cli.ts', { JOBLEDGER_URL: 'http://127.0.0.1:59999/graphql' }, ['tail'])
    await eventually(() => expect(program.stderr()).toMatch(/does not respond \(ECONNREFUSED\)\. Retrying\.\n/))
    program.process.kill('SIGTERM')
    expect(await program.ended).toEqual({ code: 0, signal: null })
  })
})
