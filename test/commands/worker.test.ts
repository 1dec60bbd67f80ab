// `jobledger worker` as a process with a real server: jobs whose script succeeds, fails, times out
// or is stopped. The scripts are the contents of the jobs: the worker runs sh, which reads them
// from stdin.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { worker } from '../../src/commands/worker.ts'
import { asUser, PROTECTED, tokenOf } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/factories.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 })
const TIMEOUT_MS = 60_000

let server: TestServer
let token: string
const dir = mkdtempSync(join(tmpdir(), 'jobledger-worker-'))

beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
  token = await tokenOf('ada', { roles: ['WORKER'], claims: { exp: Math.floor(Date.now() / 1000) + 3600 } })
})

afterEach(endPrograms)

afterAll(async () => {
  await server.close()
  rmSync(dir, { recursive: true })
})

function startWorker(...words: string[]): Program {
  const environment = { JOBLEDGER_URL: `${server.url}/graphql`, JOBLEDGER_TOKEN: token }
  return runProgram('src/cli.ts', environment, ['worker', '--exec', 'sh', ...words])
}

async function jobOf(id: string) {
  const include = { result: true, states: { orderBy: { sequence: 'asc' } } } as const
  const job = await server.ledger.prisma.job.findUniqueOrThrow({ where: { id }, include })
  return { ...job, history: job.states.map(({ newState }) => newState) }
}

async function ended(id: string, state: string) {
  return eventually(async () => {
    const job = await jobOf(id)
    expect(job.state).toBe(state)
    return job
  }, TIMEOUT_MS)
}

const exists = (path: string): Promise<void> => eventually(() => expect(existsSync(path)).toBe(true), TIMEOUT_MS)

/** The message and job of each log line. */
function linesOf(program: Program): (readonly [string, string | undefined])[] {
  const lines = program.stdout().split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line)).map(({ msg, jobId }) => [msg, jobId] as const)
}

describe('jobledger worker', () => {
  it('runs the script for each job of its presets, and logs one line for each', async () => {
    const create = (content: string, preset: string) =>
      newJob(server.ledger, { content, preset, metadata: { größe: 'ä"b' }, userId: 'grace' })
    const environment = await create('env; echo oops > /dev/stderr', 'a')
    const failing = await create('echo "no such file" >&2; exit 3', 'b')
    const slow = await create('sleep 100', 'a')
    const other = await create('exit 1', 'c')
    const program = startWorker('--preset', 'a', '--preset', 'b', '--concurrency', '2', '--timeout', '4')
    const { result } = await ended(environment.id, 'COMPLETED')
    expect(result).toMatchObject({ status: 'SUCCESS', output: { exitCode: 0, stderr: 'oops\n' } })
    const { stdout } = { ...(result?.output as Record<string, string>) }
    const variables = Object.fromEntries(
      String(stdout)
        .split('\n')
        .map((line) => line.split(/=(.*)/)),
    )
    expect(variables).toMatchObject({
      JOBLEDGER_JOB_ID: environment.id,
      JOBLEDGER_JOB_PRESET: 'a',
      JOBLEDGER_JOB_USER: 'grace',
      JOBLEDGER_JOB_ATTEMPT: '1',
      JOBLEDGER_JOB_METADATA: '{"größe":"ä\\"b"}',
    })
    expect(stdout).not.toMatch(/JOBLEDGER_TOKEN|eyJ/)
    expect((await ended(failing.id, 'FAILED')).result).toMatchObject({
      status: 'ERROR',
      errorMessage: 'exit code 3: no such file',
    })
    expect((await ended(slow.id, 'FAILED')).result).toMatchObject({
      status: 'TIMEOUT',
      errorMessage: 'It ran for longer than 4 s and was stopped (ended by SIGTERM).',
    })
    program.process.kill('SIGTERM')
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expect((await jobOf(other.id)).state).toBe('PENDING')
    const lines = linesOf(program)
    expect(lines.filter(([, jobId]) => jobId).sort()).toEqual(
      [
        ['job completed', environment.id],
        ['job failed', failing.id],
        ['job failed', slow.id],
      ].sort(),
    )
    expect(lines.filter(([, jobId]) => !jobId).map(([message]) => message)).toEqual([
      'waiting for jobs',
      'stopping; waiting for running jobs',
    ])
    expect(program.stdout() + program.stderr()).not.toContain(token)
  })

  it('stops scripts of cancelled and lost jobs by SIGTERM, then by SIGKILL', async () => {
    const path = (name: string): string => join(dir, name)
    const script = (name: string, trap: string): string =>
      `trap '${trap}' TERM; touch ${path(name)}; while :; do sleep 0.05; done`
    const create = (name: string, trap: string) =>
      newJob(server.ledger, { content: script(name, trap), preset: 'stop' })
    const polite = await create('polite', `touch ${path('asked')}; exit 0`)
    const stubborn = await create('stubborn', '')
    const taken = await create('taken', `touch ${path('lost')}; exit 0`)
    const program = startWorker('--preset', 'stop', '--concurrency', '3', '--lease', '3')
    await Promise.all(['polite', 'stubborn', 'taken'].map((name) => exists(path(name))))
    const worker = await asUser('grace', 'WORKER')
    for (const { id } of [polite, stubborn]) {
      const cancel = 'mutation ($id: ID!) { requestJobCancellation(input: { jobId: $id }) { __typename } }'
      expect((await server.request(cancel, { id }, worker)).errors).toBeUndefined()
    }
    const take = 'mutation ($id: ID!) { transitionJob(input: { jobId: $id, to: CANCELLED }) { __typename } }'
    expect((await server.request(take, { id: taken.id }, worker)).errors).toBeUndefined()
    await Promise.all([exists(path('asked')), exists(path('lost'))])
    for (const { id } of [polite, stubborn]) await ended(id, 'CANCELLED')
    await eventually(() => {
      const jobs = linesOf(program).filter(([, jobId]) => jobId)
      expect(jobs.sort()).toEqual(
        [
          ['job cancelled', polite.id],
          ['job cancelled', stubborn.id],
          ['job lost', taken.id],
        ].sort(),
      )
    }, TIMEOUT_MS)
    expect((await jobOf(polite.id)).history).toEqual(['PENDING', 'PROCESSING', 'CANCELLED'])
    program.process.kill('SIGINT')
    expect((await program.ended).code).toBe(0)
  })

  it('lets running scripts finish on a stop signal, and releases their jobs on the second one', async () => {
    const path = (name: string): string => join(dir, name)
    const wait = `while ! [ -e ${path('go')} ]; do sleep 0.05; done`
    const drained = await newJob(server.ledger, { content: `touch ${path('running')}; ${wait}`, preset: 'drain' })
    const endless = await newJob(server.ledger, { content: `touch ${path('endless')}; sleep 100`, preset: 'drain' })
    const program = startWorker('--preset', 'drain', '--concurrency', '2')
    await Promise.all([exists(path('running')), exists(path('endless'))])
    program.process.kill('SIGHUP')
    await program.says(/stopping/)
    const askedAt = performance.now()
    const late = await newJob(server.ledger, { content: 'true', preset: 'drain' })
    writeFileSync(path('go'), '')
    await ended(drained.id, 'COMPLETED')
    // A signal within a second counts as an echo of the first.
    await eventually(() => expect(performance.now() - askedAt).toBeGreaterThan(1100))
    program.process.kill('SIGTERM')
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expect(linesOf(program).map(([message]) => message)).toContain('job released')
    expect([(await jobOf(endless.id)).history, (await jobOf(late.id)).history]).toEqual([
      ['PENDING', 'PROCESSING', 'PENDING'],
      ['PENDING'],
    ])
  })
})

describe('jobledger worker does not start', () => {
  it.each([
    ['a missing script', { exec: './no-such-script' }, '--exec must name an executable file'],
    [
      'a script that is not executable',
      { exec: '/etc/passwd' },
      '/etc/passwd is not executable: run chmod +x /etc/passwd',
    ],
    [
      'a name that is not in PATH',
      { exec: 'no-such-script' },
      'in PATH (for a file in the current directory, use ./no-such',
    ],
    [
      'a concurrency of none',
      { exec: 'sh', concurrency: '0' },
      '--concurrency must be an integer from 1 to 1000 (got "0").',
    ],
    ['a lease that is too long', { exec: 'sh', lease: '86401' }, '--lease must be an integer from 1 to 86400'],
    ['an invalid timeout', { exec: 'sh', timeout: 'soon' }, '--timeout must be a positive number of seconds'],
    ['an empty preset', { exec: 'sh', preset: ['a', ''] }, '--preset must not be empty'],
    ['an invalid URL', { exec: 'sh', url: 'localhost:4000' }, '--url must be the URL of an endpoint'],
    ['an invalid credential', { exec: 'sh' }, 'that is valid. The credential was read from JOBLEDGER_TOKEN.'],
  ])('with %s', async (_, options, sentence) => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    vi.stubEnv('JOBLEDGER_URL', `${server.url}/graphql`)
    vi.stubEnv('JOBLEDGER_TOKEN', 'jl_wrong')
    await worker(options)
    expect([said.mock.calls.length, process.exitCode]).toEqual([1, 1])
    expect(said.mock.calls[0]?.[0]).toContain(sentence)
    process.exitCode = undefined
    vi.unstubAllEnvs()
    said.mockRestore()
  })

  it('as a process with an invalid credential, which it reports once', async () => {
    const tokenFile = join(dir, 'bad-token')
    writeFileSync(tokenFile, 'jl_wrong')
    const environment = { JOBLEDGER_URL: `${server.url}/graphql`, JOBLEDGER_TOKEN_FILE: tokenFile }
    const program = runProgram('src/cli.ts', environment, ['worker', '--exec', 'sh'])
    expect(await program.ended).toEqual({ code: 1, signal: null })
    expect(program.stderr()).toMatch(
      /^\S+ refuses the worker \(UNAUTHENTICATED\): .* The credential was read from the file of JOBLEDGER_TOKEN_FILE\.\n$/,
    )
    expect(program.stdout()).not.toContain('UNAUTHENTICATED')
    expect(program.stdout() + program.stderr()).not.toContain('jl_wrong')
    expect(linesOf(program).map(([message]) => message)).toEqual([
      'waiting for jobs',
      expect.stringMatching(/^stopping/),
    ])
  })
})
