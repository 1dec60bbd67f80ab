// Cancels statements whose result is no longer needed: running ones by a cancel request to
// PostgreSQL. A statement that has not started does not start.
import { AsyncLocalStorage } from 'node:async_hooks'
import pg from 'pg'
import { type Abortable, abortableBy } from './abortable.ts'
import { FairQueue, type FairQueueLimits, type Leave, type Share } from './fairQueue.ts'
import type { PoolUse } from './poolUse.ts'
import type { Queryable } from './queryable.ts'
import { DatabaseUnavailableError, POOL_EXHAUSTED } from './retryableErrors.ts'
import { withExactNumbers } from './rows/exactNumbers.ts'
import { databaseUnavailable, runStatement, type Statement, textOf } from './runStatement.ts'
import { TaskStorage } from './taskStorage.ts'

/** Observes the statements of some work. */
export interface StatementWatch {
  /** Called while statements run, with the number of bytes received. */
  readonly onBytes?: ((bytes: number) => void) | undefined
  /**
   * Called when a statement has ended or failed, with its text and its duration. The duration
   * includes the wait for a connection. Also called if no connection was available.
   */
  readonly onStatement?: ((text: string, durationMs: number) => void) | undefined
  /**
   * Resolves when the thread is free to process a large result: to build its objects and the
   * response. Rejects when the request is aborted.
   */
  readonly turn?: (() => Promise<void> | void) | undefined
  /** The work is a query of a client. A lost response then never means an unknown outcome. */
  readonly readsOnly?: boolean | undefined
}

/** What statements belong to. Its identity counts: one scope is one request. */
export interface StatementScope extends StatementWatch {
  readonly abortable?: Abortable
  /** True while the schema is being checked: failures must not start another check. */
  readonly checksSchema?: boolean
  /** The caller of the request. Undefined for work that has no per-caller limits. */
  readonly caller?: string | undefined
}

/** A result of at least this many bytes waits for `turn`. */
const LARGE_BYTES = 64 * 1024

const current = new TaskStorage<StatementScope | undefined>()

/**
 * Runs `work`. When the signal of `abortable` is aborted, its statements are cancelled, including
 * those that it runs through Prisma. With a `caller`, the limits on concurrent statements of that
 * caller apply.
 */
export function withAbortSignal<T>(
  abortable: Abortable | { readonly signal: AbortSignal },
  work: () => T,
  watch: StatementWatch & { readonly caller?: string | undefined } = {},
): T {
  const { onBytes, onStatement, turn, readsOnly, caller } = watch
  const aborting = 'onAbort' in abortable ? abortable : abortableBy(abortable.signal)
  return withinScope({ abortable: aborting, onBytes, onStatement, turn, readsOnly, caller }, work)
}

/** Runs `work`, whose statements belong to `scope`. */
export function withinScope<T>(scope: StatementScope, work: () => T): T {
  return current.run(scope, work)
}

/**
 * Runs `work` on behalf of all callers. The signal and the limits of the current request do not
 * apply.
 */
export function forAllCallers<T>(work: () => T): T {
  return current.get() === undefined ? work() : current.run(undefined, work)
}

/**
 * Runs `work`, which checks the schema itself, outside of any request. The pool does not explain
 * its failures (`explain`).
 */
export function checkingSchema<T>(work: () => T): T {
  return outsideOfRequests(() => current.run({ checksSchema: true }, work))
}

/** Runs a function without the values of the current request: its scope, what it has written. */
const outsideOfRequests = AsyncLocalStorage.snapshot()

/**
 * Maximum time that PostgreSQL may take to cancel a statement. Then its connection is closed.
 */
const CANCEL_MS = 2000

/**
 * Maps an error of a statement to the error that its caller gets. `startedAt` (`performance.now`)
 * is when the statement was requested.
 */
export type FailureExplainer = (error: unknown, startedAt: number) => unknown

/**
 * A pool that cancels a statement when its signal is aborted, and that survives broken connections.
 */
export class CancellingPool extends pg.Pool {
  private readonly callers: FairQueue
  private readonly shares = new WeakMap<StatementScope, Share>()
  private readonly explain: FailureExplainer | undefined

  /** Statements of callers use at most the connections in `limits`. All others are not limited. */
  constructor(settings: pg.PoolConfig, limits: FairQueueLimits, explain?: FailureExplainer) {
    super(settings)
    this.explain = explain
    this.callers = new FairQueue(limits)
    // The pool listens for errors of idle connections only. A connection in use reports its error
    // through the statement and through its state when it is released. Without this listener the
    // `error` event would end the process. It must be added on `connect`: PostgreSQL can close a
    // connection with the same bytes that open it.
    this.on('connect', (client) => void client.on('error', () => undefined))
  }

  get use(): PoolUse {
    const { totalCount: open, idleCount, waitingCount } = this
    // The pool gives idle connections to statements in the next tick.
    const starting = Math.min(idleCount, waitingCount)
    const waiting = waitingCount - starting + this.callers.waiterCount
    return { max: this.options.max, open, inUse: open - idleCount + starting, waiting }
  }

  // biome-ignore lint/suspicious/noExplicitAny: pg declares a dozen forms; Prisma and we use the one with a promise
  override query(statement: any, values?: any, scope: any = current.get()): any {
    return this.queryWithin((scope as StatementScope | undefined) ?? {}, statement as Statement, values as unknown[])
  }

  /** Statements of this belong to `scope`. */
  within(scope: StatementScope): Queryable {
    return { query: (statement: Statement, values?: unknown[]) => this.query(statement, values, scope) } as Queryable
  }

  private async queryWithin(
    scope: StatementScope,
    given: Statement,
    values: unknown[] | undefined,
  ): Promise<pg.QueryResult> {
    const startedAt = performance.now()
    const statement = withExactNumbers(given)
    let bytes = 0
    const onBytes = (more: number): void => {
      bytes += more
      scope.onBytes?.(more)
    }
    let leave: Leave | undefined
    let result: pg.QueryResult
    try {
      const place = this.enter(scope)
      leave = place instanceof Promise ? await place : place
      result = await this.run(statement, values, { scope, onBytes })
    } catch (error) {
      if (this.explain === undefined || scope.checksSchema) throw error
      throw await this.explain(error, startedAt)
    } finally {
      leave?.()
      scope.onStatement?.(textOf(statement), performance.now() - startedAt)
    }
    if (bytes >= LARGE_BYTES) await scope.turn?.()
    return result
  }

  private enter(scope: StatementScope): Leave | Promise<Leave> | undefined {
    if (scope.caller === undefined || scope.abortable === undefined) return undefined
    const share = this.shares.get(scope) ?? this.callers.shareOf(scope.caller)
    this.shares.set(scope, share)
    return share.enter(scope.abortable)
  }

  private async run(
    statement: Statement,
    values: unknown[] | undefined,
    { scope, onBytes }: { readonly scope: StatementScope; onBytes(bytes: number): void },
  ): Promise<pg.QueryResult> {
    const { abortable, readsOnly = false } = scope
    abortable?.throwIfAborted()
    const client = await this.connect().catch(orUnavailable)
    let isUnusable = false
    const discard = (): void => {
      isUnusable = true
    }
    const stopListening = abortable?.onAbort(() => {
      discard()
      cancelStatement(client, this.options)
    })
    const { stream } = (client as unknown as RunningClient).connection
    const onData = (chunk: Buffer): void => onBytes(chunk.length)
    stream.on('data', onData)
    try {
      abortable?.throwIfAborted()
      return await runStatement(client, statement, values, { readsOnly, discard })
    } finally {
      stopListening?.()
      stream.removeListener('data', onData)
      // A cancel request may still be in flight and must not hit the next statement, so the
      // connection is not reused.
      client.release(isUnusable)
    }
  }
}

// pg-pool 3 has no code for this error (index.js, `connect`).
function orUnavailable(error: Error): never {
  if (error instanceof DatabaseUnavailableError) throw error
  if (error.message !== 'timeout exceeded when trying to connect') throw databaseUnavailable(error)
  throw new DatabaseUnavailableError(POOL_EXHAUSTED, { cause: error })
}

/** Parts of pg that its types omit. */
interface RunningClient {
  readonly host: string
  readonly port: number
  readonly processID: number
  readonly secretKey: number
  readonly _activeQuery: object | null
  readonly connection: NodeJS.EventEmitter & {
    readonly stream: NodeJS.EventEmitter & { destroy(): void }
    connect(portOrPath: number | string, host?: string): void
    cancel(processID: number, secretKey: number): void
  }
}

// Sends the request on a connection of its own, as the protocol requires (PostgreSQL documentation,
// "Canceling Requests in Progress"). That reaches the right server also through a pooler, and needs
// no free connection of the pool.
function cancelStatement(client: pg.PoolClient, options: pg.PoolConfig): void {
  const target = client as unknown as RunningClient
  const { _activeQuery: activeQuery } = target
  if (activeQuery === null) return
  // Client.cancel of pg 8.23 does the same, but prints a warning that pg itself is deprecated.
  const { connection, host, port } = new pg.Client(options) as unknown as RunningClient
  // If the server is unavailable, the statement has ended, too. Otherwise the timer ends it.
  connection.on('error', () => undefined)
  connection.on('connect', () => connection.cancel(target.processID, target.secretKey))
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`)
  else connection.connect(port, host)
  const timer = setTimeout(() => {
    connection.stream.destroy()
    if (target._activeQuery === activeQuery) target.connection.stream.destroy()
  }, CANCEL_MS)
  timer.unref()
}
