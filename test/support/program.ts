// Runs a program of ours as a process of its own, with an environment of its own, as a person at a terminal would.
import { type ChildProcess, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

export interface Program {
  readonly process: ChildProcess
  stdout(): string
  stderr(): string
  /** Resolves to the first match of what it has written to stdout so far; rejects if it ends before that. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  /** Resolves when the process is gone and all it wrote is read. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

const running = new Set<Program>()

export interface ProgramPlace {
  /** By default where no .env is. */
  readonly cwd?: string
  /** A file, by its descriptor. */
  readonly stdout?: 'pipe' | number
}

/** `environment` is all that the program gets of ours, beside PATH. */
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

// What is in src was built before the run (globalSetup.ts): as in production, and in half the time that tsx takes to start.
function nodeWords(file: string): string[] {
  const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))
  if (file.startsWith('src/')) return [path(file.replace(/^src\/(.*)\.ts$/, 'dist/$1.js'))]
  return ['--import', import.meta.resolve('tsx'), path(file)]
}

/** For afterEach: ends what a failed test left running. */
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
    const look = (): void => {
      const match = pattern.exec(written.stdout)
      if (match !== null) resolve(match)
    }
    look()
    child.stdout?.on('data', look)
    void ended.then(() => reject(new Error(`It ended without saying ${pattern}.\n${written.stdout}${written.stderr}`)))
  })
}
