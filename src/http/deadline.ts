// Aborts a request when its client disconnects or its time runs out, and cancels its statements
// (database/cancellation.ts).
import { setMaxListeners } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type ExecutionArgs, GraphQLError, getOperationAST, OperationTypeNode } from 'graphql'
import { type StatementWatch, withAbortSignal } from '../database/cancellation.ts'
import type { ThreadTurns } from '../fairness/threadTurns.ts'
import type { ServerPlugin } from './requestScope.ts'
import type { ResponseSizeLimit } from './responseSize.ts'
import { retryRead } from './retryRead.ts'

/** The time limit of one request, and whether its client is still connected. */
export class Deadline {
  isExpired = false
  isClientGone = false
  private readonly controller = new AbortController()
  private ignoresDisconnect = false
  private readonly response: ServerResponse
  private readonly timer: NodeJS.Timeout

  constructor(response: ServerResponse, timeoutMs: number) {
    this.response = response
    // Each running statement adds a listener, and an operation may run many at once.
    setMaxListeners(0, this.controller.signal)
    this.timer = setTimeout(() => {
      this.isExpired = true
      this.controller.abort(new Error('the request timed out'))
    }, timeoutMs)
    response.once('close', () => {
      clearTimeout(this.timer)
      this.isClientGone = !response.writableFinished
      if (this.isClientGone && !this.ignoresDisconnect) this.controller.abort(new Error('the client disconnected'))
    })
  }

  /**
   * From now on the request continues when its client disconnects. Its time limit still applies.
   */
  ignoreDisconnect(): void {
    this.ignoresDisconnect = true
  }

  /**
   * Replaces the time limit: the request lasts until its response ends. When `end` is aborted, the
   * connection is cut in the middle of the response, so that the client knows that the stream is
   * incomplete.
   */
  runUntil(end: AbortSignal): void {
    clearTimeout(this.timer)
    this.response.setTimeout(0)
    const cut = (): void => void this.response.destroy()
    if (end.aborted) cut()
    end.addEventListener('abort', cut, { once: true })
    this.response.once('close', () => {
      end.removeEventListener('abort', cut)
      this.controller.abort(new Error('the stream ended'))
    })
  }

  /** Aborts the request. The caller reports the reason to the client. */
  abort(reason: string): void {
    this.controller.abort(new Error(reason))
  }

  /**
   * Runs `work` until the request is aborted. The abort cancels the statements of `work` and stops
   * waiting for it.
   *
   * @throws what `work` throws, or the reason of the abort
   */
  async run<T>(work: () => Promise<T>, watch: StatementWatch = {}): Promise<T> {
    this.signal.throwIfAborted()
    return this.wait(withAbortSignal(this.signal, work, watch))
  }

  /**
   * Waits for `result` until the request is aborted.
   *
   * @throws what `result` rejects with, or the reason of the abort
   */
  async wait<T>(result: Promise<T>): Promise<T> {
    const { signal } = this
    signal.throwIfAborted()
    let stopWaiting = (): void => undefined
    const aborted = new Promise<never>((_, reject) => {
      stopWaiting = () => reject(signal.reason)
      signal.addEventListener('abort', stopWaiting, { once: true })
    })
    try {
      return await Promise.race([result, aborted])
    } finally {
      signal.removeEventListener('abort', stopWaiting)
    }
  }

  /** Aborted when the client disconnects or the time limit is reached. */
  get signal(): AbortSignal {
    return this.controller.signal
  }
}

/**
 * Executes each operation under the deadline of its request. A mutation continues when its client
 * disconnects, because the client wants it done. At the time limit the running statement is rolled
 * back; earlier statements stay committed. A subscription has no time limit.
 */
export function enforceDeadline(turns: ThreadTurns): ServerPlugin {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const { scope } = args.contextValue
      const { deadline, responseSize, memory, statementEnded: onStatement, callerKey: caller } = scope
      const operation = getOperationAST(args.document, args.operationName)?.operation
      const isMutation = operation === OperationTypeNode.MUTATION
      if (isMutation) deadline.ignoreDisconnect()
      const onBytes = (bytes: number): void => {
        memory.addRead(bytes)
        if (!isMutation) responseSize.addRead(bytes)
      }
      const turn = isMutation || caller === undefined ? undefined : () => deadline.wait(turns.next(caller, 'rows'))
      const watch: RequestWatch = { onBytes, onStatement, caller, turn, readsOnly: !isMutation }
      setExecuteFn((given: ExecutionArgs) => {
        if (isMutation) return withAbortSignal(deadline.signal, () => executeFn(given), watch)
        return retryRead(scope, (signal, attempt) => {
          // Resolvers cache by context object, such as partly read rows. A second attempt must not
          // see that cache.
          const contextValue = attempt === 1 ? given.contextValue : { ...(given.contextValue as object) }
          const onBytesOfAttempt = (bytes: number): void => {
            if (!signal.aborted) onBytes(bytes)
          }
          return withAbortSignal(signal, () => executeFn({ ...given, contextValue }), {
            ...watch,
            onBytes: onBytesOfAttempt,
          })
        })
      })
    },
    onSubscribe({ args, subscribeFn, setSubscribeFn }) {
      const {
        deadline,
        responseSize,
        shuttingDown,
        statementEnded: onStatement,
        callerKey: caller,
      } = args.contextValue.scope
      deadline.runUntil(shuttingDown)
      const onBytes = (bytes: number): void => responseSize.addRead(bytes)
      const watch: RequestWatch = { onBytes, onStatement, caller, readsOnly: true }
      const run = <T>(work: () => T): T => withAbortSignal(deadline.signal, work, watch)
      setSubscribeFn(async (given: ExecutionArgs) => {
        const results = await run(() => subscribeFn(given))
        return isStream(results) ? runEach(run, results, responseSize) : results
      })
    },
  }
}

/** With its type, so that a renamed member of StatementWatch is an error here. */
interface RequestWatch extends StatementWatch {
  readonly caller: string | undefined
}

interface Results extends AsyncIterableIterator<unknown> {
  return(): Promise<IteratorResult<unknown>>
}

function isStream(results: object): results is Results {
  return Symbol.asyncIterator in results
}

/**
 * The executor reads the data of an event when the event is pulled, so each event is limited as a
 * query is.
 */
function runEach(run: <T>(work: () => T) => T, results: Results, size: ResponseSizeLimit): Results {
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

/** The error for a request that exceeded its time limit of `timeoutMs`. */
export function timeoutError(timeoutMs: number): GraphQLError {
  const message = `The request took longer than ${timeoutMs} ms and was cancelled. Request less data at once, or retry later.`
  return new GraphQLError(message, { extensions: { code: 'TIMEOUT', http: { status: 503 } } })
}
