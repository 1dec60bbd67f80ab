// When a request is given up: its client is gone, or its time is over. Its statements are given up with it (database/cancellation.ts).
import { setMaxListeners } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type ExecutionArgs, GraphQLError, getOperationAST, OperationTypeNode } from 'graphql'
import { type StatementWatch, withAbortSignal } from '../database/cancellation.ts'
import { repeatRead } from './repeatedRead.ts'
import type { ServerPlugin } from './requestScope.ts'
import type { ResponseSizeLimit } from './responseSize.ts'

/** Watches one request: whether its time is over, and whether its client waits. */
export class Deadline {
  isOver = false
  isClientGone = false
  private readonly abandoned = new AbortController()
  private ignoresDisconnect = false
  private readonly response: ServerResponse
  private readonly timer: NodeJS.Timeout

  constructor(response: ServerResponse, timeoutMs: number) {
    this.response = response
    // Each statement that runs listens, and an operation may have many at once.
    setMaxListeners(0, this.abandoned.signal)
    this.timer = setTimeout(() => {
      this.isOver = true
      this.abandoned.abort(new Error('the time for the request is over'))
    }, timeoutMs)
    response.once('close', () => {
      clearTimeout(this.timer)
      this.isClientGone = !response.writableFinished
      if (this.isClientGone && !this.ignoresDisconnect) this.abandoned.abort(new Error('the client is gone'))
    })
  }

  /** From now on the request is given up when its time is over only, whether its client is there or not. */
  ignoreDisconnect(): void {
    this.ignoresDisconnect = true
  }

  /**
   * From now on the request has no time limit: it is given up when its answer has ended, well or not. When `end` is aborted the connection
   * is cut, in the middle of the answer, so that the client knows that there is more.
   */
  runUntil(end: AbortSignal): void {
    clearTimeout(this.timer)
    const cut = (): void => void this.response.destroy()
    if (end.aborted) cut()
    end.addEventListener('abort', cut, { once: true })
    this.response.once('close', () => {
      end.removeEventListener('abort', cut)
      this.abandoned.abort(new Error('the stream is over'))
    })
  }

  /** Gives the request up for a reason that is told elsewhere. */
  abort(reason: string): void {
    this.abandoned.abort(new Error(reason))
  }

  /**
   * Runs `work` for as long as the request is not given up; then its statements are given up, and nobody waits for it any longer.
   *
   * @throws what `work` throws, or the reason why the request is given up
   */
  async run<T>(work: () => Promise<T>, watch: StatementWatch = {}): Promise<T> {
    this.signal.throwIfAborted()
    return this.wait(withAbortSignal(this.signal, work, watch))
  }

  /** Waits for `result` until the request is given up. @throws what `result` rejects with, or the reason why the request is given up */
  async wait<T>(result: Promise<T>): Promise<T> {
    const { signal } = this
    signal.throwIfAborted()
    let stopWaiting = (): void => undefined
    const givenUp = new Promise<never>((_, reject) => {
      stopWaiting = () => reject(signal.reason)
      signal.addEventListener('abort', stopWaiting, { once: true })
    })
    try {
      return await Promise.race([result, givenUp])
    } finally {
      signal.removeEventListener('abort', stopWaiting)
    }
  }

  /** Aborted when the request is given up. */
  get signal(): AbortSignal {
    return this.abandoned.signal
  }
}

/**
 * Executes each operation under the deadline of its request. A mutation goes on when its client is gone: whoever sent it wants it
 * done. When its time is over the statement that runs is taken back; what it did before that stays done. A subscription has no end.
 */
export function keepDeadline(): ServerPlugin {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const { scope } = args.contextValue
      const { deadline, answerSize, memory, statementEnded: onStatement, callerKey: caller } = scope
      const operation = getOperationAST(args.document, args.operationName)?.operation
      const isMutation = operation === OperationTypeNode.MUTATION
      if (isMutation) deadline.ignoreDisconnect()
      const onBytes = (bytes: number): void => {
        memory.received(bytes)
        if (!isMutation) answerSize.received(bytes)
      }
      const watch = { onBytes, onStatement, caller, readsOnly: !isMutation }
      setExecuteFn((given: ExecutionArgs) => {
        if (isMutation) return withAbortSignal(deadline.signal, () => executeFn(given), watch)
        return repeatRead(scope, (signal, attempt) => {
          // What resolvers keep by their context, such as rows that were not read to the end, is not for another attempt.
          const contextValue = attempt === 1 ? given.contextValue : { ...(given.contextValue as object) }
          const counted = (bytes: number): void => {
            if (!signal.aborted) onBytes(bytes)
          }
          return withAbortSignal(signal, () => executeFn({ ...given, contextValue }), { ...watch, onBytes: counted })
        })
      })
    },
    onSubscribe({ args, subscribeFn, setSubscribeFn }) {
      const {
        deadline,
        answerSize,
        shuttingDown,
        statementEnded: onStatement,
        callerKey: caller,
      } = args.contextValue.scope
      deadline.runUntil(shuttingDown)
      const watch = { onBytes: (bytes: number) => answerSize.received(bytes), onStatement, caller, readsOnly: true }
      const run = <T>(work: () => T): T => withAbortSignal(deadline.signal, work, watch)
      setSubscribeFn(async (given: ExecutionArgs) => {
        const results = await run(() => subscribeFn(given))
        return isStream(results) ? eachUnder(run, results, answerSize) : results
      })
    },
  }
}

interface Results extends AsyncIterableIterator<unknown> {
  return(): Promise<IteratorResult<unknown>>
}

function isStream(results: object): results is Results {
  return Symbol.asyncIterator in results
}

/** The executor reads what an event shows of the database when the event is asked for: it is bounded then as a query is. */
function eachUnder(run: <T>(work: () => T) => T, results: Results, size: ResponseSizeLimit): Results {
  return {
    next: () => {
      size.restart()
      return run(() => results.next())
    },
    return: () => results.return(),
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** What a client reads whose request took too long. */
export function timeoutError(timeoutMs: number): GraphQLError {
  const message = `The request took longer than ${timeoutMs} ms and was given up. Ask for less at once, or for it again later.`
  return new GraphQLError(message, { extensions: { code: 'TIMEOUT', http: { status: 503 } } })
}
