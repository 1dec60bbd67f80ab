// Starts `jobledger run` as a process, without the rest of the slower command line.
import { type ChildProcess, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import type { RunOptions } from '../../../src/commands/run.ts'

export interface RunProcess {
  readonly process: ChildProcess
  stdout(): string
  /** Resolves when it has exited and all output was read. */
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: Buffer; readonly stderr: string }>
}

export interface RunProcessOptions extends RunOptions {
  /** Its environment besides PATH. */
  readonly environment?: Readonly<Record<string, string>>
  /** Working directory; by default one without .env. */
  readonly cwd?: string
  /** Its standard input. */
  readonly input?: string
  /** Descriptor of its standard output; by default it is read. */
  readonly output?: number
}

const RUN = new URL('../../../dist/commands/run.js', import.meta.url).href
const ENTRY = `const { run } = await import(${JSON.stringify(RUN)})
  const [options, ...command] = process.argv.slice(1)
  process.exit(await run(command, JSON.parse(options)))`

const running = new Set<RunProcess>()

export function startRun(
  command: readonly string[],
  { environment, cwd = tmpdir(), input = '', output, ...options }: RunProcessOptions = {},
): RunProcess {
  const words = ['--input-type=module', '-e', ENTRY, '--', JSON.stringify(options), ...command]
  const child = spawn(process.execPath, words, {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['pipe', output ?? 'pipe', 'pipe'],
  })
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin?.end(input)
  const ended = new Promise<Awaited<RunProcess['ended']>>((resolve) => {
    child.once('close', (code) =>
      resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }),
    )
  })
  const run: RunProcess = { process: child, stdout: () => Buffer.concat(stdout).toString(), ended }
  running.add(run)
  void ended.then(() => running.delete(run))
  return run
}

/** For afterEach: stops the processes of a failed test. */
export async function endRuns(): Promise<void> {
  for (const run of running) {
    run.process.kill('SIGKILL')
    await run.ended
  }
}
