// Running a script for a job without a server, and the log of a worker.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { logEvent } from '../../src/commands/worker/logEvent.ts'
import { runScript, type ScriptRun } from '../../src/commands/worker/runScript.ts'
import type { ClaimedJob, WorkerEvent } from '../../src/worker/runWorker.ts'
import { eventually } from '../support/eventually.ts'

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 })

const TAIL_BYTES = 65_536

const dir = mkdtempSync(join(tmpdir(), 'jobledger-script-'))
afterEach(() => {
  vi.unstubAllEnvs()
})
afterAll(() => rmSync(dir, { recursive: true }))

const JOB: ClaimedJob = {
  id: 'Sm9iOjE=',
  jobId: '01890000-0000-7000-8000-000000000000',
  content: '',
  preset: null,
  metadata: {},
  userId: 'ada',
  attempt: 2,
  maxAttempts: 3,
  version: 4,
  priority: 0,
  createdAt: '2026-11-24T00:00:00.000Z',
}

function runJob(exec: string, job: Partial<ClaimedJob>, options: Partial<ScriptRun> = {}) {
  const signal = new AbortController().signal
  return runScript({ ...JOB, ...job }, { exec, signal, limitSeconds: undefined, ...options })
}

it('passes secrets to a script only if they are named', async () => {
  const secrets = { DATABASE_URL: 'secret-1', AUTH_JWT_SECRET: 'secret-2', JOBLEDGER_TOKEN: 'secret-3', OWN: 'own' }
  for (const [name, value] of Object.entries(secrets)) vi.stubEnv(name, value)
  const { stdout } = await runJob('env', {})
  expect(stdout).toContain('OWN=own\n')
  expect(stdout).not.toContain('secret-')
  const passed = await runJob('env', {}, { passEnv: ['DATABASE_URL'] })
  expect(passed.stdout.match(/secret-\d/g)).toEqual(['secret-1'])
})

describe('a script', () => {
  it('reads the content from standard input, also as /dev/stdin, and its output becomes that of the job', async () => {
    const content = 'größe\n"x"'
    expect(await runJob('cat', { content })).toEqual({ exitCode: 0, stdout: content, stderr: '' })
    expect((await runJob('sh', { content: 'cat /dev/stdin; # once more' })).stdout).toBe('cat /dev/stdin; # once more')
  })

  it('need not read the content, regardless of its length', async () => {
    expect(await runJob('true', { content: 'x'.repeat(1_000_000) })).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  })

  it('leaves no temporary file behind, and works without one', async () => {
    vi.stubEnv('TMPDIR', dir)
    await runJob('cat', { content: 'x' })
    expect(readdirSync(dir)).toEqual([])
    vi.stubEnv('TMPDIR', join(dir, 'nowhere'))
    expect((await runJob('cat', { content: 'größe' })).stdout).toBe('größe')
    expect((await runJob('true', { content: 'x'.repeat(1_000_000) })).exitCode).toBe(0)
  })

  it('gets an empty preset if the job has none', async () => {
    const { stdout } = await runJob('sh', { content: 'set -u; echo "[$JOBLEDGER_JOB_PRESET] $JOBLEDGER_JOB_ATTEMPT"' })
    expect(stdout).toBe('[] 2\n')
  })

  it('has the last 64 KiB of its output recorded, whatever the bytes', async () => {
    const content = `head -c 100000 /dev/zero; head -c 200000 /dev/zero | tr '\\0' y >&2; printf '\\377end'`
    const { stdout, stderr } = await runJob('sh', { content })
    expect(stdout).toBe(`${'\uFFFD'.repeat(TAIL_BYTES - 4)}\uFFFDend`)
    expect(stderr).toBe('y'.repeat(TAIL_BYTES))
  })

  it.each([
    ['exit 3', 'exit code 3'],
    ['echo "a\nb" >&2; exit 1', 'exit code 1: a\nb'],
    ['kill -9 $$', 'ended by SIGKILL'],
  ])('that ends by %j fails with %j', async (content, message) => {
    await expect(runJob('sh', { content })).rejects.toMatchObject({ name: 'ScriptFailedError', message })
  })

  it('fails with the end of a long stderr', async () => {
    const content = 'for i in $(seq 1 2000); do echo "line $i" >&2; done; exit 1'
    const error = await runJob('sh', { content }).catch((thrown: Error) => thrown)
    expect((error as Error).message).toMatch(/^exit code 1: .*\nline 1999\nline 2000$/s)
    expect(Buffer.byteLength((error as Error).message)).toBeLessThan(4096)
  })

  it('fails when it can no longer be started, or not with this job', async () => {
    const script = join(dir, 'script')
    writeFileSync(script, '#!/bin/sh\n', { mode: 0o755 })
    expect((await runJob(script, {})).exitCode).toBe(0)
    await expect(runJob(script, { metadata: { long: 'x'.repeat(200_000) } })).rejects.toThrow(
      'could not be started (E2BIG)',
    )
    rmSync(script)
    await expect(runJob(script, {})).rejects.toThrow(`The program "${script}" was not found.`)
  })

  it('fails with a timeout when it is stopped, even if it then exits with 0', async () => {
    const content = 'trap "exit 0" TERM; while :; do sleep 0.05; done'
    const error = await runJob('sh', { content }, { limitSeconds: 2 }).catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ name: 'TimeoutError' })
    expect((error as Error).message).toContain('It ran for longer than 2 s and was stopped (exit code 0).')
  })

  it.each([
    ['exit 0', 0],
    ['', 3000],
  ])('is stopped by the signal, and killed if need be: trap %j, %i ms', async (trap, leastMs) => {
    const stop = new AbortController()
    const ready = join(dir, `ready${leastMs}`)
    const content = `trap '${trap}' TERM; echo > ${ready}; while :; do sleep 0.05; done`
    const running = runJob('sh', { content }, { signal: stop.signal }).catch((thrown: Error) => thrown)
    await eventually(() => expect(existsSync(ready)).toBe(true))
    const reason = new Error('no longer needed')
    const before = performance.now()
    stop.abort(reason)
    expect(await running).toBe(reason)
    expect(performance.now() - before).toBeGreaterThanOrEqual(leastMs)
  })

  it('succeeds if it ended before the signal', async () => {
    const stop = new AbortController()
    const output = await runJob('true', {}, { signal: stop.signal })
    stop.abort()
    expect(output.exitCode).toBe(0)
  })
})

describe('the log of a worker', () => {
  const job = JOB
  const error = new Error('exit code 3: no such file')
  const facts = { jobId: job.jobId, preset: null, attempt: 2 }

  it.each<[WorkerEvent, object | undefined]>([
    [{ type: 'claimed', job }, undefined],
    [
      { type: 'completed', job, processingTimeMs: 7 },
      { ...facts, level: 30, processingTimeMs: 7, msg: 'job completed' },
    ],
    [
      { type: 'failed', job, processingTimeMs: 7, error },
      { ...facts, level: 40, processingTimeMs: 7, error: error.message, msg: 'job failed' },
    ],
    [
      { type: 'cancelled', job },
      { ...facts, level: 30, msg: 'job cancelled' },
    ],
    [
      { type: 'released', job },
      { ...facts, level: 30, msg: 'job released' },
    ],
    [
      { type: 'lost', job, reason: 'why' },
      { ...facts, level: 40, reason: 'why', msg: 'job lost' },
    ],
    [
      { type: 'serverUnavailable', error },
      { level: 40, error: error.message, msg: 'server is unavailable' },
    ],
    [
      { type: 'serverRecovered', unavailableMs: 9 },
      { level: 30, unavailableMs: 9, msg: 'server recovered' },
    ],
    [
      { type: 'stopping', reason: 'SIGTERM', runningJobs: 1 },
      { level: 30, reason: 'SIGTERM', runningJobs: 1, msg: 'stopping; waiting for running jobs' },
    ],
  ])('of %#: %j', (event, line) => {
    const lines: string[] = []
    logEvent(pino({ base: null, timestamp: false }, { write: (text) => void lines.push(text) }), event)
    expect(lines.map((text) => JSON.parse(text))).toEqual(line === undefined ? [] : [line])
  })
})
