// The server under a supervisor, as an operator runs it: when it is killed, it is restarted. If it
// exits by itself, whatever happens to the database, that is a fault.
import { setTimeout as pause } from 'node:timers/promises'
import type { ProgramEnd } from '../load/detachedProgram.ts'
import { type ServerProcess, type ServerProcessOptions, startServerProcess } from '../load/serverProcess.ts'
import { CountsByStateDocument } from '../src/client/documents.generated.ts'
import { sendOperation } from '../src/client/sendOperation.ts'
import { fixedPort } from '../test/support/fixedPort.ts'
import type { Faults } from './faults.ts'
import { ServerLog } from './serverLog.ts'

const RESTART_MS = 100
const POLL_MS = 50
const ANSWER_MS = 1000
const TIMEOUT_MS = 120_000
/**
 * The only accepted output of a server that ends by itself: the database was unavailable when it
 * started.
 */
const DATABASE_UNAVAILABLE = /^(No database server responds at .*|The database at .* cannot be used \(.*\).*)\n$/

export interface SupervisedServerOptions extends ServerProcessOptions {
  readonly faults: Faults
}

export class SupervisedServer {
  readonly endpoint: string
  readonly log: ServerLog
  private readonly options: SupervisedServerOptions
  private readonly port: number
  private current: ServerProcess
  private wasKilled = false
  private isStopping = false
  private cannotStart = false
  private readonly supervising: Promise<void>

  private constructor(options: SupervisedServerOptions, port: number) {
    this.options = options
    this.port = port
    this.log = new ServerLog(options.faults)
    this.endpoint = `http://127.0.0.1:${port}/graphql`
    this.current = this.begin()
    this.supervising = this.supervise()
  }

  static async start(options: SupervisedServerOptions): Promise<SupervisedServer> {
    const server = new SupervisedServer(options, await fixedPort())
    try {
      await server.serving()
      return server
    } catch (cause) {
      await server.stop()
      throw new Error(['The server is not running.', ...options.faults.all].join('\n'), { cause })
    }
  }

  get pid(): number {
    return this.current.pid
  }

  /** Kills by SIGKILL. Resolves when the process is gone. */
  async kill(): Promise<void> {
    const { current } = this
    this.wasKilled = true
    current.kill('SIGKILL')
    await current.ended
  }

  /** Resolves when the server is ready and has responded to a query that needs the database. */
  async serving(signal?: AbortSignal): Promise<void> {
    const deadline = performance.now() + TIMEOUT_MS
    while (!((await this.answers()) && (await this.isReady()))) {
      signal?.throwIfAborted()
      if (this.cannotStart) throw new Error('The server does not start.')
      if (performance.now() > deadline) throw new Error(`The server has not served for ${TIMEOUT_MS / 1000} s.`)
      await pause(POLL_MS)
    }
  }

  async stop(): Promise<void> {
    this.isStopping = true
    this.current.kill('SIGTERM')
    await this.supervising
  }

  /** Stops synchronously, for a process that is exiting. */
  destroyAtExit(): void {
    this.current.kill('SIGKILL')
  }

  private begin(): ServerProcess {
    const { options, port } = this
    const server = startServerProcess({ ...options, environment: { ...options.environment, PORT: String(port) } })
    server.lines.on('line', (line) => this.log.note(line))
    return server
  }

  private async supervise(): Promise<void> {
    for (;;) {
      const hasListened = await this.current.endpoint.then(
        () => true,
        () => false,
      )
      const end = await this.current.ended
      if (this.isStopping) {
        if (hasListened && end.code !== 0)
          this.options.faults.note(`The server did not stop cleanly: ${described(end)}`)
        return
      }
      if (!this.wasKilled) this.judge(end, hasListened)
      this.wasKilled = false
      await pause(RESTART_MS)
      if (this.isStopping) return
      this.current = this.begin()
    }
  }

  private judge(end: ProgramEnd, hasListened: boolean): void {
    if (hasListened) this.options.faults.note(`The server ended by itself: ${described(end)}`)
    if (hasListened || DATABASE_UNAVAILABLE.test(end.errors)) return
    this.options.faults.note(`The server did not start: ${described(end)}`)
    this.cannotStart = true
  }

  private async isReady(): Promise<boolean> {
    const signal = AbortSignal.timeout(ANSWER_MS)
    return fetch(new URL('/readyz', this.endpoint), { signal }).then(
      async (answer) => {
        await answer.text()
        return answer.ok
      },
      () => false,
    )
  }

  private async answers(): Promise<boolean> {
    const operation = { query: CountsByStateDocument.toString() }
    return sendOperation(this.endpoint, operation, {}, AbortSignal.timeout(ANSWER_MS)).then(
      ({ errors }) => errors === undefined,
      () => false,
    )
  }
}

function described({ code, signal, errors }: ProgramEnd): string {
  return `${signal ?? `exit code ${code}`}\n${errors}`
}
