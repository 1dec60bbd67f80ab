// `jobledger run` with an available server: the program runs as if started directly, and its job.
// Without the server: runSpool.slow.test.ts. Signals: runSignals.test.ts.
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Command, run } from '../../src/commands/run.ts'
import { identify } from '../../src/database/embedded/processIdentity.ts'
import { eventually } from '../support/eventually.ts'
import { runProgram } from '../support/program.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { endRuns, startRun } from './run/runProcess.ts'

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

const TAIL_BYTES = 65_536

let server: TestServer
const dir = mkdtempSync(join(tmpdir(), 'jobledger-run-'))
const environment = { JOBLEDGER_URL: '', JOBLEDGER_SPOOL: join(dir, 'spool') }

beforeAll(async () => {
  server = await startTestServer()
  // The first requests are slow, and a run does not wait long.
  await server.request('{ jobCount }')
  environment.JOBLEDGER_URL = `${server.url}/graphql`
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
})

afterEach(endRuns)

afterAll(async () => {
  vi.unstubAllEnvs()
  await server.close()
  rmSync(dir, { recursive: true })
})

/** The only job with this preset, with its result and history. */
async function jobOf(preset: string) {
  const include = { result: true, states: { orderBy: { sequence: 'asc' } } } as const
  const jobs = await server.ledger.prisma.job.findMany({ where: { preset }, include })
  expect(jobs).toHaveLength(1)
  const [job] = jobs as [(typeof jobs)[number]]
  return { ...job, output: job.result?.output as Record<string, string> }
}

const shell = (script: string): Command => ['sh', '-c', script]

describe('jobledger run', () => {
  it('runs the command after --, returns its exit code and records it', async () => {
    const words = [
      '--preset',
      'nightly',
      '--user',
      'ada',
      '--',
      'sh',
      '-c',
      'echo "$@"; echo oops > /dev/stderr; exit 3',
    ]
    const before = Date.now()
    const program = runProgram('src/cli.ts', environment, ['run', ...words, 'sh', '--preset', '--', "it's"])
    expect(await program.ended).toEqual({ code: 3, signal: null })
    expect([program.stdout(), program.stderr()]).toEqual(["--preset -- it's\n", 'oops\n'])
    const { userId, content, state, states, metadata, result } = await jobOf('nightly')
    expect([userId, state]).toEqual(['ada', 'FAILED'])
    expect(content).toBe(`sh -c 'echo "$@"; echo oops > /dev/stderr; exit 3' sh --preset -- 'it'\\''s'`)
    expect(states.map(({ newState, reason }) => [newState, reason])).toEqual([
      ['PENDING', null],
      ['PROCESSING', `run on ${hostname()}`],
      ['FAILED', 'exit code 3'],
    ])
    expect(result).toMatchObject({
      status: 'ERROR',
      errorMessage: 'exit code 3',
      output: { exitCode: 3, signal: null, stdout: "--preset -- it's\n", stderr: 'oops\n' },
      processingTimeMs: expect.any(Number),
    })
    expect(metadata).toEqual({ host: hostname(), startedAt: expect.any(String) })
    const last = states.at(-1)?.stateMetadata
    expect(last).toMatchObject({ host: hostname(), startedAt: expect.any(String), endedAt: expect.any(String) })
    const { startedAt, endedAt } = last as { startedAt: string; endedAt: string }
    const times = [before, Date.parse(startedAt), Date.parse(endedAt), Date.now()]
    expect(times).toEqual([...times].sort((a, b) => a - b))
  })

  it.each([
    ['no program', [], "error: missing required argument 'command'"],
    [
      'a timeout that is none',
      ['--timeout', '0', '--', 'true'],
      'jobledger run: --timeout must be a positive number of seconds',
    ],
  ])('with %s exits with 125 and a sentence', async (_, words, sentence) => {
    const program = runProgram('src/cli.ts', environment, ['run', ...words])
    expect(await program.ended).toEqual({ code: 125, signal: null })
    expect(program.stderr()).toContain(sentence)
  })
})

describe('the exit code of jobledger run', () => {
  it.each<[string, Command, number, string]>([
    ['0', shell('exit 0'), 0, 'exit code 0'],
    ['that of the program', shell('exit 255'), 255, 'exit code 255'],
    ['128 and the number of a signal', shell('kill -9 $$'), 137, 'ended by SIGKILL'],
    ['126 for a file that is not executable', ['/'], 126, 'The program "/" could not be started (EACCES).'],
    ['127 for a missing program', ['no-such-program'], 127, 'The program "no-such-program" was not found.'],
    ['127 for an empty name', [''], 127, 'The program "" was not found.'],
  ])('is %s', async (preset, command, code, reason) => {
    expect(await run(command, { preset })).toBe(code)
    const { state, stateReason, result } = await jobOf(preset)
    expect([state, stateReason]).toEqual([code === 0 ? 'COMPLETED' : 'FAILED', reason])
    expect(result?.errorMessage).toBe(code === 0 ? null : reason)
    const exitCode = code === 137 ? null : code
    expect(result?.output).toEqual({ exitCode, signal: code === 137 ? 'SIGKILL' : null, stdout: '', stderr: '' })
  })

  it.each([
    { timeout: 'x' },
    { timeout: '-1' },
    { timeout: '' },
    { timeout: '1e9' },
    { preset: '' },
    { user: '' },
    { url: 'ftp://host' },
    { url: 'http://a:b@host' },
  ])('is 125 with %o, and nothing is run', async (options) => {
    const file = join(dir, 'ran')
    expect(await run(['touch', file], options)).toBe(125)
    expect(() => readFileSync(file)).toThrow('ENOENT')
  })

  it.each(['preset', 'user'])('is 125 with a message for an empty --%s', async (option) => {
    const { code, stderr } = await startRun(['true'], { environment, [option]: '' }).ended
    expect([code, stderr]).toEqual([125, `jobledger run: --${option} must not be empty; omit it instead.\n`])
  })

  it.runIf(process.platform === 'linux')('is 125 for arguments that are not UTF-8, and nothing runs', () => {
    const file = join(dir, 'bytes')
    const words = [process.execPath, fileURLToPath(new URL('../../dist/cli.js', import.meta.url)), 'run', '--', 'touch']
    const script = `exec "$@" '${file}' "$(printf 'a\\377')"`
    const { status, stderr } = spawnSync('sh', ['-c', script, 'sh', ...words], { cwd: dir, encoding: 'utf8' })
    expect([status, stderr]).toEqual([
      125,
      expect.stringMatching(/^jobledger run: the command line is not valid UTF-8, .*\n$/),
    ])
    expect(() => readFileSync(file)).toThrow('ENOENT')
  })

  it('is 125 for a malformed credential, which is not repeated', async () => {
    const { code, stderr } = await startRun(['true'], { environment: { JOBLEDGER_TOKEN: 'hush\nhush' } }).ended
    expect([code, stderr]).toEqual([
      125,
      expect.stringMatching(/^jobledger run: JOBLEDGER_TOKEN must be one word [^\n]*\n$/),
    ])
    expect(stderr).not.toContain('hush')
  })
})

describe('the output of the program', () => {
  it('is forwarded live and unchanged, and its tail is recorded', async () => {
    const go = join(dir, 'go')
    const script = `cat > ${dir}/in; printf first; while ! [ -e ${go} ]; do sleep 0.02; done
      head -c 300000 /dev/urandom | tee ${dir}/random; printf 'a\\0b\\377' >&2; printf end`
    const input = 'über\0\n'
    const started = startRun(shell(script), { environment, preset: 'binary', input })
    await eventually(() => expect(started.stdout()).toBe('first'), 60_000)
    writeFileSync(go, '')
    const { code, stdout, stderr } = await started.ended
    const random = readFileSync(join(dir, 'random'))
    expect([code, random.length]).toEqual([0, 300_000])
    expect(stdout.equals(Buffer.concat([Buffer.from('first'), random, Buffer.from('end')]))).toBe(true)
    expect([stderr, readFileSync(join(dir, 'in'), 'utf8')]).toEqual(['a\0b\uFFFD', input])
    const { output } = await jobOf('binary')
    const tail = Buffer.concat([random, Buffer.from('end')]).subarray(-TAIL_BYTES)
    const text = tail.toString().replaceAll('\0', '\uFFFD')
    expect(text.endsWith(output.stdout as string)).toBe(true)
    expect((output.stdout as string).length).toBeGreaterThan(text.length - 4)
    expect(output.stderr).toBe('a\uFFFDb\uFFFD')
  })

  it('ends like a pipe when its reader closes', async () => {
    const started = startRun(['yes'], { environment, preset: 'pipe' })
    const output = started.process.stdout
    let read = 0
    output?.on('data', ({ length }: Buffer) => {
      read += length
      // More than the tail that is recorded.
      if (read > 2 * TAIL_BYTES) output.destroy()
    })
    const { code, stderr } = await started.ended
    expect([code, stderr]).toEqual([141, ''])
    expect((await jobOf('pipe')).output).toMatchObject({
      signal: 'SIGPIPE',
      stdout: expect.stringMatching(/^[y\n]{65536}$/),
    })
  })

  it('is not waited for if a process left behind holds it, which is reported', async () => {
    const { code, stdout, stderr } = await startRun(shell('sleep 60 & echo $!'), { environment, preset: 'left' }).ended
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^jobledger run: a process that the program left running [^\n]*\n$/),
    ])
    process.kill(Number(stdout))
    expect((await jobOf('left')).output.stdout).toBe(stdout.toString())
  })

  it.runIf(process.platform === 'linux').each([
    ['full', 'echo hi', 125, 'exit code 0'],
    ['full and failed', 'echo hi; exit 3', 3, 'exit code 3'],
  ])('that cannot be forwarded is reported and sets the exit code: %s', async (preset, script, code, reason) => {
    const output = openSync('/dev/full', 'w')
    const { ended } = startRun(shell(script), { environment, preset, output })
    closeSync(output)
    expect(await ended).toMatchObject({
      code,
      stderr: expect.stringMatching(
        /^jobledger run: output of the program could not be forwarded: stdout \(ENOSPC[^\n]*\n$/,
      ),
    })
    expect(await jobOf(preset)).toMatchObject({ stateReason: reason, output: { stdout: 'hi\n' } })
  })

  it('uses sockets if no real pipes can be created', async () => {
    const { code, stdout, stderr } = await startRun(shell('cat; echo oops >&2; exit 4'), {
      environment: { ...environment, TMPDIR: join(dir, 'nowhere') },
      preset: 'sockets',
      input: 'text',
    }).ended
    expect([code, stdout.toString(), stderr]).toEqual([4, 'text', 'oops\n'])
    expect((await jobOf('sockets')).output).toMatchObject({ stdout: 'text', stderr: 'oops\n' })
  })
})

describe('--timeout', () => {
  it('stops the program and its descendants, with 124 and TIMEOUT', async () => {
    const file = join(dir, 'pid')
    const script = `sleep 100 & echo $! > ${file}; wait`
    expect(await run(shell(script), { preset: 'slow', timeout: '1.5' })).toBe(124)
    const pid = Number(readFileSync(file, 'utf8'))
    await eventually(() => expect(identify(pid)).toBeUndefined())
    const { state, result } = await jobOf('slow')
    const errorMessage = 'It ran for longer than 1.5 s and was stopped (ended by SIGTERM).'
    expect([state, result]).toEqual(['FAILED', expect.objectContaining({ status: 'TIMEOUT', errorMessage })])
  })

  it('is recorded although no one reads the output', async () => {
    const started = startRun(['yes'], { environment, preset: 'unread', timeout: '2' })
    started.process.stdout?.pause()
    await eventually(async () => expect((await jobOf('unread')).state).toBe('FAILED'), 60_000)
    expect(started.process.exitCode).toBeNull()
    started.process.stdout?.resume()
    expect((await started.ended).code).toBe(124)
  })

  it('also applies to a program that exits with 0 on SIGTERM', async () => {
    const script = 'trap "exit 0" TERM; while :; do sleep 0.05; done'
    expect(await run(shell(script), { preset: 'polite', timeout: '2' })).toBe(124)
    expect((await jobOf('polite')).result).toMatchObject({ status: 'TIMEOUT', output: { exitCode: 0 } })
  })

  it('kills a program that ignores SIGTERM for 10 seconds', async () => {
    const before = performance.now()
    const script = 'trap "" TERM; while :; do sleep 0.05; done'
    expect(await run(shell(script), { preset: 'stubborn', timeout: '2' })).toBe(124)
    expect(performance.now() - before).toBeGreaterThan(10_000)
    expect((await jobOf('stubborn')).result).toMatchObject({ status: 'TIMEOUT', output: { signal: 'SIGKILL' } })
  })
})
