// Runs embeddedProcess.ts as a separate process, which the tests of the embedded database kill.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'

export interface OwnerOptions {
  /** Arguments of embeddedProcess.ts: the data directory, the system directory. */
  readonly words: readonly string[]
  /** A copy of the checkout; by default, the checkout itself. */
  readonly checkout?: string
  readonly account?: { readonly uid: number; readonly gid: number } | Record<string, never>
}

export interface EmbeddedOwner {
  readonly process: ChildProcess
  readonly url: string
  readonly owned: boolean
  /** Its stderr so far. */
  errors(): string
  /** Sends the signal and waits until the process exits. The server may still run. */
  end(signal: NodeJS.Signals): Promise<void>
}

const running = new Set<ChildProcess>()

/**
 * Starts the process without waiting. `ready` rejects with its stderr if it exits before the server
 * runs.
 */
export function spawnOwner(options: OwnerOptions): { process: ChildProcess; ready: Promise<EmbeddedOwner> } {
  const checkout = pathToFileURL(`${options.checkout ?? fileURLToPath(new URL('../..', import.meta.url))}/`)
  const tsx = createRequire(new URL('package.json', checkout)).resolve('tsx')
  const program = fileURLToPath(new URL('test/support/embeddedProcess.ts', checkout))
  const child = spawn(process.execPath, ['--import', pathToFileURL(tsx).href, program, ...options.words], {
    ...options.account,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  return { process: child, ready: watch(child) }
}

export async function startOwner(options: OwnerOptions): Promise<EmbeddedOwner> {
  return await spawnOwner(options).ready
}

/** For afterEach: stops processes that failed tests left running. */
export async function endOwners(): Promise<void> {
  for (const child of running) if (isRunning(child)) await endProcess(child, 'SIGTERM')
  running.clear()
}

async function watch(child: ChildProcess): Promise<EmbeddedOwner> {
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const closed = once(child, 'close').then(() => undefined)
  const firstLine = new Promise<string>((resolve) => {
    if (child.stdout !== null) createInterface(child.stdout).once('line', resolve)
  })
  const line = await Promise.race([firstLine, closed])
  if (line === undefined) throw new Error(errors.trim())
  const { url, owned } = JSON.parse(line) as { url: string; owned: boolean }
  return { process: child, url, owned, errors: () => errors, end: (signal) => endProcess(child, signal) }
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}
