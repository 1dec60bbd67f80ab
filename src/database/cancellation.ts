// Statements that are given up when nobody waits for their answer any more. PostgreSQL is asked to cancel what runs; what has not
// begun does not begin.
import { AsyncLocalStorage } from 'node:async_hooks'
import pg from 'pg'
import { FairQueue, type FairQueueLimits, type Share } from './fairQueue.ts'
import { DatabaseUnavailableError } from './retryableErrors.ts'
import { withExactNumbers } from './rows/exactNumbers.ts'
import { databaseUnavailable, runStatement, type Statement, textOf } from './runStatement.ts'

/** What is told of the statements that work sends. */
export interface StatementWatch {
  /** While they run, how much they bring. */
  readonly onBytes?: ((bytes: number) => void) | undefined
  /** When one has ended, well or not: its text, and how long it took, with the wait for a connection, also where none came. */
  readonly onStatement?: ((text: string, durationMs: number) => void) | undefined
  /** Resolves when the thread may be used for what follows from rows of many bytes: their objects, and the answer made of them. */
  readonly turn?: (() => Promise<void>) | undefined
  /** The work is a query of a client: a lost answer is never an unknown outcome. */
  readonly readsOnly?: boolean
}

interface Waiting extends StatementWatch {
  readonly signal?: AbortSignal
  /** Its failures are no reason to look at the schema: it is looking at it. */
  readonly looksAtSchema?: boolean
  /** Whose request it is; undefined for work that is not bounded by callers. */
  readonly caller?: string | undefined
}

/** Rows of so many bytes wait for a turn. */
const LARGE_BYTES = 64 * 1024

const waiting = new AsyncLocalStorage<Waiting | undefined>()

/**
 * Runs `work`; the statements that it sends, itself or through Prisma, are given up when `signal` is aborted. With a `caller`, its statements
 * at once are bounded as those of one request of that caller.
 */
export function withAbortSignal<T>(
  signal: AbortSignal,
  work: () => T,
  watch: StatementWatch & { readonly caller?: string | undefined } = {},
): T {
  return waiting.run({ ...watch, signal }, work)
}

/** Runs `work` for all callers: its statements are neither given up nor bounded with the request that happened to start it. */
export function forAllCallers<T>(work: () => T): T {
  return waiting.run(undefined, work)
}

/** Runs `work`, whose failures are not explained by the pool (`explain`): it looks itself what is wrong. It belongs to no request. */
export function lookingAtSchema<T>(work: () => T): T {
  return outsideOfRequests(() => waiting.run({ looksAtSchema: true }, work))
}

/** Without what the running request has in its stores: whose it is, what it has written. */
const outsideOfRequests = AsyncLocalStorage.snapshot()

/** How long PostgreSQL has to end a statement that it was asked to cancel, before the connection is closed on it. */
const CANCEL_MS = 2000

/** What an error of a statement is for whoever has sent it: that one, or another one. */
export type FailureExplainer = (error: unknown) => unknown

/** A pool whose single statements end with the signal they run under, and whose connections may break at any moment. */
export class CancellingPool extends pg.Pool {
  private readonly callers: FairQueue
  private readonly shares = new WeakMap<Waiting, Share>()
  private readonly explain: FailureExplainer | undefined

  /** Statements of callers have connections within `limits`; all others need none of those. */
  constructor(settings: pg.PoolConfig, limits: FairQueueLimits, explain?: FailureExplainer) {
    super(settings)
    this.explain = explain
    this.callers = new FairQueue(limits)
    // The pool hears of the loss of a connection while that is idle only. In other hands it shows in the statement, and by its state
    // when it comes back; unheard, it would end the process. Whoever takes a connection cannot be early enough: PostgreSQL may end
    // it with the very bytes that open it.
    this.on('connect', (client) => void client.on('error', () => undefined))
  }

  // biome-ignore lint/suspicious/noExplicitAny: pg declares a dozen forms; Prisma and we use the one with a promise
  override query(statement: any, values?: any): any {
    const exact = withExactNumbers(statement as Statement)
    const store = waiting.getStore() ?? {}
    const answer = this.queryUnder(store, exact, values as unknown[] | undefined)
    return this.explain === undefined || store.looksAtSchema ? answer : answer.catch(this.throwExplained)
  }

  private readonly throwExplained = async (error: unknown): Promise<never> => {
    throw await this.explain?.(error)
  }

  private async queryUnder(
    store: Waiting,
    statement: Statement,
    values: unknown[] | undefined,
  ): Promise<pg.QueryResult> {
    const startedAt = performance.now()
    let bytes = 0
    const onBytes = (more: number): void => {
      bytes += more
      store.onBytes?.(more)
    }
    let leave: (() => void) | undefined
    try {
      leave = await this.enter(store)
      return await this.runUnder(store.onBytes ? { ...store, onBytes } : store, statement, values)
    } finally {
      leave?.()
      store.onStatement?.(textOf(statement), performance.now() - startedAt)
      if (bytes >= LARGE_BYTES) await store.turn?.()
    }
  }

  private enter(store: Waiting): Promise<() => void> | undefined {
    if (store.caller === undefined || store.signal === undefined) return undefined
    const share = this.shares.get(store) ?? this.callers.shareOf(store.caller)
    this.shares.set(store, share)
    return share.enter(store.signal)
  }

  private async runUnder(
    { signal, onBytes, readsOnly = false }: Waiting,
    statement: Statement,
    values: unknown[] | undefined,
  ): Promise<pg.QueryResult> {
    signal?.throwIfAborted()
    const client = await this.connect().catch(orUnavailable)
    let isUnusable = false
    const discard = (): void => {
      isUnusable = true
    }
    const onAbort = (): void => {
      discard()
      cancelStatement(client, this.options)
    }
    const { stream } = (client as unknown as RunningClient).connection
    const onData = (chunk: Buffer): void => onBytes?.(chunk.length)
    if (onBytes) stream.on('data', onData)
    try {
      signal?.throwIfAborted()
      signal?.addEventListener('abort', onAbort, { once: true })
      return await runStatement(client, statement, values, { readsOnly, discard })
    } finally {
      signal?.removeEventListener('abort', onAbort)
      stream.removeListener('data', onData)
      // A request to cancel may still be on its way, and must not meet the next statement: the connection is not used again.
      client.release(isUnusable)
    }
  }
}

// pg-pool has no code for it (pg-pool 3, index.js, `connect`).
function orUnavailable(error: Error): never {
  if (error instanceof DatabaseUnavailableError) throw error
  if (error.message !== 'timeout exceeded when trying to connect') throw databaseUnavailable(error)
  throw new DatabaseUnavailableError('All connections to the database are in use. Retry later.', { cause: error })
}

/** What pg has and its types leave out. */
interface RunningClient {
  _activeQuery: object | null
  connection: NodeJS.EventEmitter & { stream: NodeJS.EventEmitter & { destroy(): void } }
  cancel(target: RunningClient, statement: object): void
}

// By a connection of its own, as the protocol has it (PostgreSQL documentation, "Canceling Requests in Progress"): it reaches the
// right server also through a pooler, and needs no free connection of the pool.
function cancelStatement(client: pg.PoolClient, options: pg.PoolConfig): void {
  const target = client as unknown as RunningClient
  const { _activeQuery: activeQuery } = target
  if (activeQuery === null) return
  const messenger = new pg.Client(options) as unknown as RunningClient
  // A server that is away ends the statement too; what remains is ended by the timer.
  messenger.connection.on('error', () => undefined)
  messenger.cancel(target, activeQuery)
  const timer = setTimeout(() => {
    messenger.connection.stream.destroy()
    if (target._activeQuery === activeQuery) target.connection.stream.destroy()
  }, CANCEL_MS)
  timer.unref()
}
