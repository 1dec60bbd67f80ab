// `jobledger run` when the server refuses: permanent refusals do not block the spool, and the
// credential stays secret.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Role } from '../../src/access/roles.ts'
import { run } from '../../src/commands/run.ts'
import { asUser, PROTECTED, tokenOf } from '../support/credentials.ts'
import { eventually } from '../support/eventually.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { endRuns, startRun } from './run/runProcess.ts'

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

let server: TestServer
const dir = mkdtempSync(join(tmpdir(), 'jobledger-refused-'))
let spool: string
let environment: Record<string, string>

beforeAll(async () => {
  server = await startTestServer({ environment: PROTECTED })
})

beforeEach(async (context) => {
  spool = join(dir, context.task.id)
  const JOBLEDGER_TOKEN = await tokenOf('ada', {
    roles: ['USER', 'WORKER'],
    claims: { exp: Math.floor(Date.now() / 1000) + 3600 },
  })
  environment = { JOBLEDGER_URL: `${server.url}/graphql`, JOBLEDGER_SPOOL: spool, JOBLEDGER_TOKEN }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
})

afterEach(async () => {
  await endRuns()
  vi.unstubAllEnvs()
})

afterAll(async () => {
  await server.close()
  rmSync(dir, { recursive: true })
})

const waiting = (): string[] => readdirSync(spool).filter((file) => file !== 'refused')

function refused(): { refusal: string; output: unknown }[] {
  const place = join(spool, 'refused')
  return readdirSync(place).map((file) => JSON.parse(readFileSync(join(place, file), 'utf8')))
}

const jobWith = (preset: string) => server.ledger.prisma.job.findFirst({ where: { preset } })

describe('a permanently refused outcome', () => {
  it.each([
    ['a preset that is too long', { preset: 'x'.repeat(201) }, '--preset must have 1 to 200 characters (got 201)'],
  ])('is moved away with the reason and reported: %s', async (_, options, reason) => {
    const { code, stdout, stderr } = await startRun(['sh', '-c', 'echo hi; exit 4'], { environment, ...options }).ended
    expect([code, stdout.toString()]).toEqual([4, 'hi\n'])
    expect(stderr).toMatch(/^jobledger run: \S+ refuses: [^\n]* The outcome is stored in \S+\/refused\/\S+\.json\.\n$/)
    expect(stderr).toContain(reason)
    const output = { exitCode: 4, signal: null, stdout: 'hi\n', stderr: '' }
    expect([waiting(), refused()]).toEqual([
      [],
      [expect.objectContaining({ refusal: expect.stringContaining(reason), output })],
    ])
    // It is not delivered again.
    expect(await startRun(['true'], { environment }).ended).toMatchObject({ code: 0, stderr: '' })
  })

  it('is that of a job that was cancelled in the meantime', async () => {
    const go = join(dir, 'go')
    const script = `while ! [ -e ${go} ]; do sleep 0.05; done`
    const started = startRun(['sh', '-c', script], { environment, preset: 'cancelled' })
    const job = await eventually(async () => {
      const found = await jobWith('cancelled')
      expect(found?.state).toBe('PROCESSING')
      return found
    }, 60_000)
    const cancel = 'mutation ($id: ID!) { transitionJob(input: { jobId: $id, to: CANCELLED }) { __typename } }'
    await server.request(cancel, { id: job?.id }, await asUser('ada', 'USER'))
    writeFileSync(go, '')
    const { code, stderr } = await started.ended
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining(`Job ${job?.id} was changed by another caller: it is CANCELLED, version 3.`),
    ])
    expect([(await jobWith('cancelled'))?.state, waiting(), refused()]).toEqual(['CANCELLED', [], [expect.anything()]])
  })
})

describe('an outcome that another credential may deliver', () => {
  it.each([
    ['none', async () => ''],
    ['one that has expired', () => tokenOf('ada', { roles: ['USER', 'WORKER'], claims: { exp: 1 } })],
  ])('waits: %s', async (preset, token) => {
    const JOBLEDGER_TOKEN = await token()
    const { code, stderr } = await startRun(['false'], { environment: { ...environment, JOBLEDGER_TOKEN }, preset })
      .ended
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/ temporarily refuses: .* the next run for \S+\/graphql delivers it\.\n$/),
    ])
    expect([waiting().length, existsSync(join(spool, 'refused')), await jobWith(preset)]).toEqual([1, false, null])
    expect(await run(['true'], {})).toBe(0)
    expect([waiting(), (await jobWith(preset))?.state]).toEqual([[], 'FAILED'])
  })
})

describe('a credential without the needed role', () => {
  it.each<[Role[], string]>([
    [['USER'], 'start, complete, fail and release jobs: `jobledger run` needs one of the roles WORKER, ADMIN'],
    [['WORKER'], 'create jobs: `jobledger run` needs one of the roles USER, ADMIN'],
    [['AUDITOR'], 'create jobs: `jobledger run` needs one of the roles USER, ADMIN'],
  ])('of %s makes no job, runs the program, and keeps its outcome and those that wait', async (roles, need) => {
    const preset = `only-${roles.join()}`
    const refused = [`${server.url}/graphql`, 'http://127.0.0.1:1/graphql']
    const JOBLEDGER_TOKEN = await tokenOf('ada', { roles })
    // This outcome has waited since the outage.
    const earlier = { ...environment, JOBLEDGER_URL: refused[1] as string }
    await startRun(['true'], { environment: earlier, preset }).ended
    const [file = ''] = waiting()
    const record = JSON.parse(readFileSync(join(spool, file), 'utf8'))
    writeFileSync(join(spool, file), JSON.stringify({ ...record, url: refused[0] }))
    const { code, stdout, stderr } = await startRun(['sh', '-c', 'echo hi; exit 3'], {
      environment: { ...environment, JOBLEDGER_TOKEN },
      preset,
    }).ended
    expect([code, stdout.toString()]).toEqual([3, 'hi\n'])
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(
        new RegExp(
          `temporarily refuses: user:ada may not ${need} for that; the credential has ${roles}. The credential was read from JOBLEDGER_TOKEN. The outcome is stored in .*; the next run for .* delivers it.$`,
        ),
      ),
      '',
    ])
    expect([waiting().length, existsSync(join(spool, 'refused')), await jobWith(preset)]).toEqual([2, false, null])
    expect(await run(['true'], {})).toBe(0)
    const jobs = await server.ledger.prisma.job.findMany({ where: { preset }, orderBy: { id: 'asc' } })
    expect([waiting(), jobs.map(({ state }) => state)]).toEqual([[], ['COMPLETED', 'FAILED']])
  })

  it('does not block other outcomes, and its outcome stays for a permitted credential', async () => {
    const { code, stderr } = await startRun(['true'], { environment, user: 'grace', preset: 'of-grace' }).ended
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(
        /^.* temporarily refuses: .*may create jobs only for the user "ada".* The credential was read from JOBLEDGER_TOKEN\. The outcome is stored in .*\n$/,
      ),
    ])
    const [file = ''] = waiting()
    const next = await startRun(['true'], { environment, preset: 'beside-grace' }).ended
    expect([next.code, next.stderr]).toEqual([
      0,
      expect.stringContaining(`Outcomes of earlier runs wait in ${spool} for`),
    ])
    expect([waiting(), existsSync(join(spool, 'refused')), (await jobWith('beside-grace'))?.state]).toEqual([
      [file],
      false,
      'COMPLETED',
    ])
    vi.stubEnv('JOBLEDGER_TOKEN', await tokenOf('root', { roles: ['ADMIN'] }))
    expect(await run(['true'], { user: 'root' })).toBe(0)
    expect([waiting(), (await jobWith('of-grace'))?.userId]).toEqual([[], 'grace'])
  })
})

describe('another server URL', () => {
  it('keeps its outcome for runs with the same URL, in a reported file', async () => {
    const url = `${server.url}/nowhere`
    const { code, stderr } = await startRun(['true'], { environment, preset: 'nowhere', url }).ended
    const [file = ''] = waiting()
    expect([code, stderr]).toEqual([0, expect.stringContaining(`${url} temporarily refuses: `)])
    expect(stderr).toContain(`The outcome is stored in ${join(spool, file)}; the next run for ${url} delivers it.\n`)
    expect(await run(['true'], {})).toBe(0)
    expect([waiting(), await jobWith('nowhere')]).toEqual([[file], null])
  })
})

describe('the credential', () => {
  it('appears neither in the arguments nor in the spool nor in the environment of the program', async () => {
    const token = String(environment.JOBLEDGER_TOKEN)
    const script = 'env; echo ready; while ! [ -e "$GO" ]; do sleep 0.05; done'
    const url = 'http://127.0.0.1:2/graphql'
    const GO = join(dir, 'gone')
    const started = startRun(['sh', '-c', script], { environment: { ...environment, GO, JOBLEDGER_URL: url } })
    await eventually(() => expect(started.stdout()).toContain('ready'), 60_000)
    const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    writeFileSync(GO, '')
    const { stdout, stderr } = await started.ended
    const kept = waiting().map((file) => readFileSync(join(spool, file), 'utf8'))
    expect([kept.length, stderr]).toEqual([1, expect.stringContaining('does not respond (ECONNREFUSED)')])
    // These would show it: the arguments, and the environment of the program.
    expect(processes).toContain('sh -c env; echo ready;')
    for (const seen of [stdout.toString(), kept.join()]) expect(seen).toContain(`GO=${GO}`)
    for (const seen of [processes, stdout.toString(), stderr, kept.join()]) expect(seen).not.toContain(token)
  })

  it('is not passed to the program, like everything else in .env', async () => {
    const place = mkdtempSync(join(dir, 'cwd-'))
    writeFileSync(join(place, '.env'), `JOBLEDGER_TOKEN=${environment.JOBLEDGER_TOKEN}\nDATABASE_URL=mysql://secret\n`)
    const { JOBLEDGER_TOKEN: _, ...others } = environment
    const started = startRun(['env'], { environment: { ...others, OWN: 'x' }, preset: 'dotenv', cwd: place })
    const { code, stdout } = await started.ended
    expect([code, (await jobWith('dotenv'))?.userId]).toEqual([0, 'ada'])
    expect(stdout.toString()).toContain('OWN=x\n')
    expect(stdout.toString()).not.toMatch(/secret|JOBLEDGER_TOKEN/)
  })
})
