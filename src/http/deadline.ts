// When a request is given up: its client is gone, or its time is over. Its statements are given up with it (database/cancellation.ts).
import type { ServerResponse } from 'node:http'
import { type ExecutionArgs, GraphQLError, getOperationAST, OperationTypeNode } from 'graphql'
import { givenUpOn } from '../database/cancellation.ts'
import type { ServerPlugin } from './requestScope.ts'

/** Watches one request: whether its time is over, and whether its client waits. */
export class Deadline {
  isOver = false
  isClientGone = false
  private readonly abandoned = new AbortController()
  private outlivesClient = false

  constructor(response: ServerResponse, timeoutMs: number) {
    const timer = setTimeout(() => {
      this.isOver = true
      this.abandoned.abort(new Error('the time for the request is over'))
    }, timeoutMs)
    response.once('close', () => {
      clearTimeout(timer)
      this.isClientGone = !response.writableFinished
      if (this.isClientGone && !this.outlivesClient) this.abandoned.abort(new Error('the client is gone'))
    })
  }

  /** From now on the request is given up when its time is over only, whether its client is there or not. */
  outliveClient(): void {
    this.outlivesClient = true
  }

  /** Aborted when the request is given up. */
  get signal(): AbortSignal {
    return this.abandoned.signal
  }
}

/**
 * Executes each operation under the deadline of its request. A mutation goes on when its client is gone: whoever sent it wants it
 * done. When its time is over the statement that runs is taken back; what it did before that stays done.
 */
export function keepDeadline(): ServerPlugin {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const { deadline } = args.contextValue.scope
      const operation = getOperationAST(args.document, args.operationName)?.operation
      if (operation === OperationTypeNode.MUTATION) deadline.outliveClient()
      setExecuteFn((given: ExecutionArgs) => givenUpOn(deadline.signal, () => executeFn(given)))
    },
  }
}

/** What a client reads whose request took too long. */
export function tooLate(timeoutMs: number): GraphQLError {
  const message = `The request took longer than ${timeoutMs} ms and was given up. Ask for less at once, or for it again later.`
  return new GraphQLError(message, { extensions: { code: 'TIMEOUT', http: { status: 503 } } })
}
