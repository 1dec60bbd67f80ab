// A program of ours as a process of its own, outside the terminal's process group: Ctrl-C reaches
// this process only, so that started work can finish. The program does not outlive this process.
import { tmpdir } from 'node:os'
import process from 'node:process'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

export interface DetachedProgramOptions {
  readonly words?: readonly string[]
  /** Its environment variables. It inherits only PATH. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface ProgramEnd {
  readonly code: number | undefined
  readonly signal: string | undefined
  /** Its output on stderr. */
  readonly errors: string
}

export interface DetachedProgram {
  readonly pid: number
  /** Its output on stdout, line by line. */
  readonly lines: Interface
  /** Resolves when the process is gone. */
  readonly ended: Promise<ProgramEnd>
  kill(signal: NodeJS.Signals): void
}

/** `file` is a file URL of JavaScript or TypeScript. The program runs in a folder without .env. */
export function startDetached(file: string, { words = [], environment }: DetachedProgramOptions): DetachedProgram {
  const loader = file.endsWith('.ts') ? ['--import', import.meta.resolve('tsx')] : []
  const child = execa(process.execPath, [...loader, fileURLToPath(file), ...words], {
    cwd: tmpdir(),
    extendEnv: false,
    env: { PATH: process.env.PATH, ...environment },
    detached: true,
    cleanup: false,
    stdin: 'ignore',
    buffer: false,
    reject: false,
  })
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal)
  const killAtExit = (): void => kill('SIGKILL')
  process.once('exit', killAtExit)
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const ended = child.then(({ exitCode: code, signal }) => {
    process.off('exit', killAtExit)
    return { code, signal, errors }
  })
  return { pid: child.pid ?? 0, lines: createInterface({ input: child.stdout }), ended, kill }
}
