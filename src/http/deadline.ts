// When a request is given up: its client is gone, or its time is over. Its statements are given up with it (database/cancellation.ts).
import type { ServerResponse } from 'node:http'
import { type ExecutionArgs, GraphQLError, getOperationAST, OperationTypeNode } from 'graphql'
import { givenUpOn } from '../database/cancellation.ts'
import type { RequestScope, ServerPlugin } from './requestScope.ts'

export function deadlinesOf(response: ServerResponse, timeoutMs: number): Pick<RequestScope, 'signal' | 'timeOver'> {
  const gone = new AbortController()
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(new Error('the time for the request is over')), timeoutMs)
  response.once('close', () => {
    clearTimeout(timer)
    if (!response.writableFinished) gone.abort(new Error('the client is gone'))
  })
  return { signal: AbortSignal.any([gone.signal, over.signal]), timeOver: over.signal }
}

/**
 * Executes each operation under the deadlines of its request. A mutation goes on when its client is gone: whoever sent it wants it
 * done. When its time is over the statement that runs is taken back; what it did before that stays done.
 */
export function deadline(): ServerPlugin {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const { signal, timeOver } = args.contextValue.scope
      const operation = getOperationAST(args.document, args.operationName)?.operation
      const until = operation === OperationTypeNode.MUTATION ? timeOver : signal
      setExecuteFn((given: ExecutionArgs) => givenUpOn(until, () => executeFn(given)))
    },
  }
}

/** Whether what failed in this request failed because it was given up. */
export function wasGivenUp({ signal, timeOver, operation }: RequestScope): boolean {
  return timeOver.aborted || (signal.aborted && operation?.startsWith(OperationTypeNode.QUERY) === true)
}

/** What a client reads whose request took too long. */
export function tooLate(timeoutMs: number): GraphQLError {
  const message = `The request took longer than ${timeoutMs} ms and was given up. Ask for less at once, or for it again later.`
  return new GraphQLError(message, { extensions: { code: 'TIMEOUT', http: { status: 503 } } })
}
