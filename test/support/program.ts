// Runs one of our programs as a process with its own environment.
import { type ChildProcess, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

export interface Program {
  readonly process: ChildProcess
  stdout(): string
  stderr(): string
  /** Resolves to the first match in its stdout; rejects if it exits without a match. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  /** Resolves when the process has exited and its output is complete. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

const running = new Set<Program>()

export interface ProgramPlace {
  /** By default a directory without a .env file. */
  readonly cwd?: string
  /** 'pipe', or the descriptor of a file. */
  readonly stdout?: 'pipe' | number
}

/** The program gets only `environment` and PATH. */
export function runProgram(
  file: string,
  environment: Readonly<Record<string, string>>,
  words: readonly string[] = [],
  { cwd = tmpdir(), stdout = 'pipe' }: ProgramPlace = {},
): Program {
  const child = spawn(process.execPath, [...nodeWords(file), ...words], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', stdout, 'pipe'],
  })
  const written = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      written[stream] += text
    })
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  const program: Program = {
    process: child,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    ended,
    says: (pattern) => firstMatch(child, pattern, written, ended),
  }
  running.add(program)
  void ended.then(() => running.delete(program))
  return program
}

// Files of src were built before the run (globalSetup.ts). They start as in production, and twice
// as fast as with tsx.
function nodeWords(file: string): string[] {
  const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))
  if (file.startsWith('src/')) return [path(file.replace(/^src\/(.*)\.ts$/, 'dist/$1.js'))]
  return ['--import', import.meta.resolve('tsx'), path(file)]
}

/** For afterEach: stops programs that failed tests left running. */
export async function endPrograms(): Promise<void> {
  for (const program of running) {
    program.process.kill('SIGTERM')
    await program.ended
  }
}

function firstMatch(
  child: ChildProcess,
  pattern: RegExp,
  written: { stdout: string; stderr: string },
  ended: Promise<unknown>,
): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const check = (): void => {
      const match = pattern.exec(written.stdout)
      if (match !== null) resolve(match)
    }
    check()
    child.stdout?.on('data', check)
    void ended.then(() =>
      reject(new Error(`It exited without a match for ${pattern}.\n${written.stdout}${written.stderr}`)),
    )
  })
}
