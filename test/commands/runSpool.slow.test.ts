// `jobledger run` when the server is unavailable, slow or refusing: the program runs, and its
// outcome is recorded once.
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { endedRun, type RunRecord } from '../../src/commands/run/runRecord.ts'
import { Spool } from '../../src/commands/run/spool.ts'
import { run } from '../../src/commands/run.ts'
import { CLIENT_VARIABLES, clientSettings } from '../../src/config/client.ts'
import { eventually } from '../support/eventually.ts'
import { endRuns, startRun } from './run/runProcess.ts'
import { type Fate, startUnreliableServer, type UnreliableServer } from './run/unreliableServer.ts'

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

let server: UnreliableServer
const dir = mkdtempSync(join(tmpdir(), 'jobledger-spool-'))
let spool: string
let environment: Record<string, string>

beforeAll(async () => {
  server = await startUnreliableServer()
  // The first requests are slow, and a run does not wait long.
  await server.request('{ jobCount }')
})

beforeEach((context) => {
  spool = join(dir, context.task.id, 'state/spool')
  environment = { JOBLEDGER_URL: server.endpoint, JOBLEDGER_SPOOL: spool }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
})

afterEach(async () => {
  await endRuns()
  vi.unstubAllEnvs()
  server.clear()
})

afterAll(async () => {
  await server.close()
  rmSync(dir, { recursive: true })
})

const cut = (): Fate => 'cut'

async function jobs(preset: string) {
  const include = { result: true, states: { orderBy: { sequence: 'asc' } } } as const
  return server.ledger.prisma.job.findMany({ where: { preset }, include })
}

const filesIn = (place: string): string[] => readdirSync(place, { withFileTypes: true }).map(({ name }) => name)

const statesOf = (job: Awaited<ReturnType<typeof jobs>>[number] | undefined) =>
  job?.states.map(({ newState }) => newState)

describe('jobledger run without a server', () => {
  it('runs the program and stores the outcome privately, and the next run delivers it', async () => {
    server.decide(cut)
    const { code, stdout, stderr } = await startRun(['sh', '-c', 'echo hi; exit 3'], { environment, preset: 'away' })
      .ended
    expect([code, stdout.toString()]).toEqual([3, 'hi\n'])
    const [file, ...others] = filesIn(spool)
    expect(stderr.replace(/\(.*?\)/, '()')).toBe(
      `jobledger run: ${server.endpoint} does not respond (). The outcome is stored in ${join(spool, String(file))}; ` +
        `the next run for ${server.endpoint} delivers it.\n`,
    )
    expect([file, others]).toEqual([expect.stringMatching(/^\d{8}T\d{9}Z-[0-9a-f-]{36}\.json$/), []])
    expect([statSync(spool).mode & 0o777, statSync(join(spool, String(file))).mode & 0o777]).toEqual([0o700, 0o600])
    const { startedAt, endedAt } = JSON.parse(readFileSync(join(spool, String(file)), 'utf8'))
    server.clear()
    expect(await run(['true'], {})).toBe(0)
    const [job, ...more] = await jobs('away')
    expect([more, statesOf(job), filesIn(spool)]).toEqual([[], ['PENDING', 'PROCESSING', 'FAILED'], []])
    const times = { host: hostname(), startedAt, endedAt, deliveredLate: true }
    expect([job?.metadata, job?.stateMetadata]).toEqual([times, { ...times, run: job?.idempotencyKey }])
    expect(job?.result).toMatchObject({ status: 'ERROR', output: { exitCode: 3, stdout: 'hi\n' } })
  })

  it('waits at most a few seconds for an unresponsive server', async () => {
    let askedAt = 0
    server.decide(() => {
      askedAt ||= Date.now()
      return server.operations.length === 1 ? 'hang' : 'pass'
    })
    const file = join(dir, 'began')
    expect((await startRun(['touch', file], { environment, preset: 'slow' }).ended).code).toBe(0)
    expect(statSync(file).mtimeMs - askedAt).toBeGreaterThan(4000)
    expect(statSync(file).mtimeMs - askedAt).toBeLessThan(15_000)
    expect(statesOf((await jobs('slow'))[0])).toEqual(['PENDING', 'PROCESSING', 'COMPLETED'])
  })

  it('does not start the program after an earlier signal', async () => {
    server.decide(() => (server.operations.length === 1 ? 'hang' : 'pass'))
    const file = join(dir, 'not-begun')
    const started = startRun(['touch', file], { environment, preset: 'early' })
    await eventually(() => expect(server.operations).toEqual(['ViewerRoles']), 60_000)
    started.process.kill('SIGTERM')
    const { code, stderr } = await started.ended
    expect([code, stderr]).toEqual([143, 'jobledger run: SIGTERM arrived before the program started.\n'])
    expect(() => statSync(file)).toThrow('ENOENT')
    expect(statesOf((await jobs('early'))[0])).toEqual(['PENDING', 'PROCESSING', 'FAILED'])
  })

  it('starts the job before the program, and ends the same job after an outage at the end', async () => {
    server.decide((operation) => (operation === 'FailRun' ? 'cut' : 'pass'))
    expect(await run(['false'], { preset: 'end' })).toBe(1)
    expect((await jobs('end')).map(({ state }) => state)).toEqual(['PROCESSING'])
    server.clear()
    expect(await run(['true'], {})).toBe(0)
    const [job, ...more] = await jobs('end')
    expect([more, statesOf(job), filesIn(spool)]).toEqual([[], ['PENDING', 'PROCESSING', 'FAILED'], []])
    expect(job?.metadata).not.toHaveProperty('deliveredLate')
    expect(job?.stateMetadata).toMatchObject({ deliveredLate: true, endedAt: expect.any(String) })
  })

  it.each(['CreateRun', 'StartRun', 'CompleteRun'])(
    'creates one job although the response to %s is lost',
    async (lost) => {
      let isLost = false
      server.decide((operation) => {
        const fate = isLost ? 'cut' : operation === lost ? 'lose' : 'pass'
        isLost ||= operation === lost
        return fate
      })
      expect(await run(['true'], { preset: lost })).toBe(0)
      expect(filesIn(spool)).toHaveLength(1)
      server.clear()
      expect(await run(['true'], {})).toBe(0)
      const [job, ...more] = await jobs(lost)
      expect([more, statesOf(job), filesIn(spool)]).toEqual([[], ['PENDING', 'PROCESSING', 'COMPLETED'], []])
    },
  )

  it('reports everything at the end if the start could not be reported', async () => {
    let requests = 0
    server.decide(() => {
      requests += 1
      return requests === 1 ? 'cut' : 'pass'
    })
    expect(await run(['true'], { preset: 'begin' })).toBe(0)
    const [job] = await jobs('begin')
    expect([statesOf(job), filesIn(spool)]).toEqual([['PENDING', 'PROCESSING', 'COMPLETED'], []])
    expect(job?.metadata).toMatchObject({ deliveredLate: true, endedAt: expect.any(String) })
  })

  it('reports a lost outcome if the spool is not writable either', async () => {
    server.decide(cut)
    writeFileSync(join(dir, 'file'), '')
    const hopeless = { ...environment, JOBLEDGER_SPOOL: join(dir, 'file/spool') }
    const { code, stderr } = await startRun(['sh', '-c', 'exit 9'], { environment: hopeless }).ended
    expect([code, stderr]).toEqual([
      9,
      expect.stringMatching(/^jobledger run: the outcome is lost\. .* does not respond .* ENOTDIR[^\n]*\n$/),
    ])
  })

  it('stores nothing in a directory that others can write to', async () => {
    server.decide(cut)
    mkdirSync(spool, { recursive: true })
    chmodSync(spool, 0o777)
    const { code, stderr } = await startRun(['true'], { environment }).ended
    expect([code, stderr, filesIn(spool)]).toEqual([0, expect.stringContaining('must not be writable by others.'), []])
  })

  it('has its spool below XDG_STATE_HOME or the home directory', async () => {
    server.decide(cut)
    const home = join(dir, 'home')
    vi.stubEnv('JOBLEDGER_SPOOL', '')
    vi.stubEnv('HOME', home)
    vi.stubEnv('XDG_STATE_HOME', 'relative')
    expect(await run(['true'], {})).toBe(0)
    vi.stubEnv('XDG_STATE_HOME', join(home, 'xdg'))
    expect(await run(['true'], {})).toBe(0)
    expect(filesIn(join(home, '.local/state/jobledger/spool'))).toHaveLength(1)
    expect(filesIn(join(home, 'xdg/jobledger/spool'))).toHaveLength(1)
  })

  it.each(['', 'relative'])('treats a HOME of "%s" as unset', (home) => {
    vi.stubEnv('HOME', home)
    const expected = join(userInfo().homedir, '.local/state/jobledger/spool')
    expect(clientSettings(CLIENT_VARIABLES.parse({}), undefined).spoolDir).toBe(expected)
  })
})

describe('the spool', () => {
  /** Stores outcomes in the spool, as runs without a server do. */
  async function fill(count: number, preset: string): Promise<void> {
    const place = new Spool(spool)
    for (let left = count; left > 0; left -= 1) await place.putBack(await place.add(outcome(preset)))
  }

  function outcome(preset: string): RunRecord {
    const instant = new Date().toISOString()
    const begun = { key: randomUUID(), url: server.endpoint, content: 'true', preset, host: 'h', startedAt: instant }
    const output = { exitCode: 0, signal: null, stdout: '', stderr: '' }
    const end = { endedAt: instant, processingTimeMs: 1, errorMessage: null, timedOut: false, reason: 'exit code 0' }
    return endedRun(begun, { ...end, output })
  }

  it('is delivered by two concurrent runs, each outcome once', async () => {
    const count = 20
    await fill(count, 'crowd')
    const runs = [startRun(['true'], { environment }), startRun(['true'], { environment })]
    for (const { ended } of runs) expect(await ended).toMatchObject({ code: 0, stderr: '' })
    expect(filesIn(spool)).toEqual([])
    const crowd = await jobs('crowd')
    expect(crowd).toHaveLength(count)
    for (const job of crowd) expect(statesOf(job)).toEqual(['PENDING', 'PROCESSING', 'COMPLETED'])
    // This includes their own two; no outcome was sent twice.
    for (const step of ['CreateRun', 'StartRun', 'CompleteRun'])
      expect(server.operations.filter((operation) => operation === step)).toHaveLength(count + 2)
  })

  it.each(['CreateRun', 'StartRun', 'CompleteRun'])(
    'survives a run that is killed in the middle, at %s',
    async (step) => {
      const preset = `killed at ${step}`
      await fill(2, preset)
      let seen = 0
      // The first of these belongs to the run itself.
      server.decide((operation) => {
        if (operation === step) seen += 1
        return seen > 1 ? 'hang' : 'pass'
      })
      const killed = startRun(['true'], { environment })
      await eventually(() => expect(seen).toBe(2), 60_000)
      killed.process.kill('SIGKILL')
      await killed.ended
      expect(filesIn(spool).filter((file) => file.includes('.claimed.'))).toHaveLength(1)
      server.clear()
      expect(await run(['true'], {})).toBe(0)
      expect(filesIn(spool)).toEqual([])
      const found = await jobs(preset)
      expect(found).toHaveLength(2)
      for (const job of found) expect(statesOf(job)).toEqual(['PENDING', 'PROCESSING', 'COMPLETED'])
    },
  )

  it('is left alone by a run that gets a signal, which still returns the exit code of its program', async () => {
    await fill(1, 'patient')
    let seen = 0
    server.decide((operation) => {
      if (operation === 'CreateRun') seen += 1
      return seen > 1 ? 'hang' : 'pass'
    })
    const ended = startRun(['sh', '-c', 'exit 5'], { environment })
    await eventually(() => expect(seen).toBe(2), 60_000)
    ended.process.kill('SIGTERM')
    expect(await ended.ended).toMatchObject({ code: 5, stderr: '' })
    expect(filesIn(spool)).toEqual([expect.stringMatching(/\.json$/)])
  })
})
