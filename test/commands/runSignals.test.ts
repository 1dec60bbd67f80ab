// Signals to `jobledger run`: the program gets them as if started directly.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { endPrograms, runProgram } from '../support/program.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { endRuns, type RunProcess, startRun } from './run/runProcess.ts'

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

/** Signals that users send with kill(1) and that end a process by default. */
const DEADLY = ['HUP', 'INT', 'QUIT', 'ABRT', 'USR1', 'USR2', 'ALRM', 'TERM'] as const

let server: TestServer
const dir = mkdtempSync(join(tmpdir(), 'jobledger-signals-'))
const environment = { JOBLEDGER_URL: '', JOBLEDGER_SPOOL: join(dir, 'spool') }

beforeAll(async () => {
  server = await startTestServer()
  // The first requests are slow, and a run does not wait long.
  await server.request('{ jobCount }')
  environment.JOBLEDGER_URL = `${server.url}/graphql`
})

afterEach(async () => {
  await endRuns()
  await endPrograms()
})

afterAll(async () => {
  await server.close()
  rmSync(dir, { recursive: true })
})

async function jobOf(preset: string) {
  const { result, ...job } = await server.ledger.prisma.job.findFirstOrThrow({
    where: { preset },
    include: { result: true },
  })
  return { ...job, output: result?.output as Record<string, string> }
}

const says = (started: RunProcess, text: string): Promise<void> =>
  eventually(() => expect(started.stdout()).toBe(text), 60_000)

/** Process state of ps(1): S asleep, T stopped, or empty if it has ended. */
function standing(pid: number): string {
  return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).charAt(0)
}

describe('a signal to jobledger run', () => {
  it('is forwarded to the program, whichever it is, and opens no debugger', async () => {
    const signals = [...DEADLY, 'CONT', 'WINCH', 'URG'] as const
    const traps = signals.map((signal) => `trap 'echo ${signal}' ${signal}`).join('; ')
    const script = `${traps}; trap 'echo TERM; exit 7' TERM; echo ready; while :; do sleep 0.05; done`
    const started = startRun(['sh', '-c', script], { environment, preset: 'all' })
    let expected = 'ready\n'
    await says(started, expected)
    for (const signal of [...signals.filter((one) => one !== 'TERM'), 'TERM'] as const) {
      started.process.kill(`SIG${signal}`)
      expected += `${signal}\n`
      await says(started, expected)
    }
    const { code, stderr } = await started.ended
    expect([code, stderr, (await jobOf('all')).stateReason]).toEqual([7, '', 'exit code 7'])
  })

  it.each(DEADLY)('that ends the program is reported by exit code and record: %s', async (name) => {
    const signal = `SIG${name}` as const
    const words = ['run', '--preset', signal, '--', 'sh', '-c', 'ulimit -c 0; echo ready; exec sleep 100']
    const program = runProgram('src/cli.ts', environment, words)
    await program.says(/ready/)
    program.process.kill(signal)
    expect(await program.ended).toEqual({ code: 128 + constants.signals[signal], signal: null })
    expect(program.stderr()).toBe('')
    const { state, output } = await jobOf(signal)
    expect([state, output.exitCode, output.signal]).toEqual(['FAILED', null, signal])
  })

  it('closes the debugger if it arrived before the listener and opened one', async () => {
    const entry = `const inspector = await import('node:inspector')
      inspector.open(0, '127.0.0.1')
      const { run } = await import(${JSON.stringify(new URL('../../dist/commands/run.js', import.meta.url).href)})
      const code = await run(['sh', '-c', 'exit 6'], { preset: 'debugger' })
      process.exit(inspector.url() === undefined ? code : 1)`
    const words = ['--input-type=module', '-e', entry]
    const env = { PATH: process.env.PATH ?? '', ...environment }
    const child = spawn(process.execPath, words, { cwd: dir, env, stdio: 'ignore' })
    expect(await once(child, 'exit')).toEqual([6, null])
  })

  it('also stops and continues the program without a terminal', async () => {
    const started = startRun(['sh', '-c', 'echo $$; exec sleep 100'], { environment, preset: 'stopped' })
    await eventually(() => expect(started.stdout()).toMatch(/\n/), 60_000)
    const pids = [Number(started.process.pid), Number(started.stdout())]
    const expectAll = (state: string): Promise<void> =>
      eventually(() => expect(pids.map(standing)).toEqual([state, state]), 60_000)
    started.process.kill('SIGTSTP')
    await expectAll('T')
    started.process.kill('SIGCONT')
    await expectAll('S')
    started.process.kill('SIGTERM')
    expect((await started.ended).code).toBe(143)
  })
})
