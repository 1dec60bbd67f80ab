// A reader of the documentation, with a checkout, a home directory, a shell and a server started as
// the page says.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sendOperation } from '../../src/client/sendOperation.ts'
import { eventually } from '../support/eventually.ts'
import { fixedPort } from '../support/fixedPort.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'
import { pathOf } from './codeBlocks.ts'

const START_MS = 90_000
const END_MS = 90_000

export interface Outcome {
  readonly code: number | null
  readonly output: string
}

export class Reader {
  readonly checkout: string
  readonly environment: Record<string, string>
  private readonly port: number
  private readonly background = new Set<ChildProcess>()

  private constructor(checkout: string, port: number) {
    this.checkout = checkout
    this.port = port
    const home = join(checkout, 'home')
    const bin = join(home, 'bin')
    mkdirSync(bin, { recursive: true })
    // As `npm install /path/to/checkout` installs it.
    writeFileSync(join(bin, 'jobledger'), `#!/bin/sh\nexec "${process.execPath}" "${pathOf('dist/cli.js')}" "$@"\n`)
    chmodSync(join(bin, 'jobledger'), 0o755)
    this.environment = {
      PATH: `${bin}:${dirname(process.execPath)}:${process.env.PATH}`,
      HOME: home,
      BROWSER: 'none',
      PORT: String(port),
      JOBLEDGER_URL: this.endpoint,
    }
  }

  /** The checkout of another reader, whose programs have ended, with its data. */
  static async openCopy(of: Reader): Promise<Reader> {
    const checkout = temporaryDirectory('jobledger-reader-')
    // Node's own copy would not preserve the owner of the data.
    execFileSync('cp', ['-Rp', `${of.checkout}/.`, checkout])
    return new Reader(checkout, await fixedPort())
  }

  /** A checkout as cloned by git, with the packages and generated code of `npm ci`. */
  static async open(): Promise<Reader> {
    const checkout = temporaryDirectory('jobledger-reader-')
    const root = pathOf('.')
    const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' })
    for (const file of files.split('\0').filter(Boolean)) cpSync(join(root, file), join(checkout, file))
    for (const generated of ['src/database/generated', 'src/graphql/generated']) {
      cpSync(join(root, generated), join(checkout, generated), { recursive: true })
    }
    symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'))
    return new Reader(checkout, await fixedPort())
  }

  get endpoint(): string {
    return `http://localhost:${this.port}/graphql`
  }

  /** Runs a command to its end. */
  async run(command: string): Promise<Outcome> {
    const { child, output } = this.spawn(command)
    const timer = setTimeout(() => stop(child, 'SIGKILL'), END_MS)
    const [code] = (await once(child, 'close')) as [number | null]
    clearTimeout(timer)
    return { code, output: output() }
  }

  /**
   * Runs a command without end; resolves when its output matches, and leaves it running. Repeats
   * `meanwhile` until then.
   */
  async start(command: string, until: RegExp, meanwhile?: () => Promise<unknown>): Promise<() => Promise<Outcome>> {
    const { child, output } = this.spawn(command)
    const closed = once(child, 'close') as Promise<[number | null]>
    await eventually(async () => {
      if (child.exitCode === null) await meanwhile?.()
      if (!until.test(output())) throw new Error(`It did not print ${until}, but:\n${output()}`)
    }, START_MS)
    return async () => {
      stop(child, 'SIGTERM')
      const [code] = await closed
      return { code, output: output() }
    }
  }

  /** Sends an operation to the server of the page. */
  async ask<Data>(query: string): Promise<Data> {
    const { data, errors } = await sendOperation<Data>(this.endpoint, { query }, {})
    if (errors) throw new Error(JSON.stringify(errors))
    return data as Data
  }

  /** Stops the programs that run, and leaves the checkout. */
  async stop(): Promise<void> {
    await Promise.all(
      [...this.background].map(async (child) => {
        const closed = once(child, 'close')
        stop(child, 'SIGTERM')
        await closed
      }),
    )
  }

  async close(): Promise<void> {
    await this.stop()
    rmSync(this.checkout, { recursive: true, force: true, maxRetries: 5 })
  }

  private spawn(command: string): { child: ChildProcess; output: () => string } {
    const child = spawn('bash', ['-o', 'pipefail', '-c', command], {
      cwd: this.checkout,
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, to be stopped as by Ctrl-C.
      detached: true,
    })
    this.background.add(child)
    child.once('close', () => this.background.delete(child))
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (more: string) => {
        text += more
      })
    }
    return { child, output: () => text }
  }
}

function stop(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid as number), signal)
  } catch {
    // It has already ended.
  }
}
