// Executes operations within the limits of their requests: time, memory, size of the response, and
// the turns that callers take.
import { execute, subscribe } from '@graphql-tools/executor'
import { type ExecutionResult, type GraphQLSchema, OperationTypeNode } from 'graphql'
import { type StatementScope, withAbortSignal, withinScope } from '../database/cancellation.ts'
import type { ThreadTurns } from '../fairness/threadTurns.ts'
import type { GraphQLContext } from '../graphql/context.ts'
import { ResponseLimitError } from '../graphql/plan/fieldRequest.ts'
import type { AuthenticatedRequest, RequestedOperation } from './request.ts'
import { retryRead } from './retryRead.ts'

/** `dataText`: the JSON of the data, which is not there as values. */
export type QueryResult = ExecutionResult & { readonly dataText?: string }

/** The result of an operation; of a subscription, the results of its events. */
export type OperationResult = QueryResult | ResultStream

export interface ResultStream extends AsyncIterable<ExecutionResult> {
  [Symbol.asyncIterator](): AsyncIterator<ExecutionResult> & {
    return(): Promise<IteratorResult<ExecutionResult>>
  }
}

export function isStream(result: object): result is ResultStream {
  return Symbol.asyncIterator in result
}

/** An operation with the means to execute it. */
export interface Execution extends RequestedOperation {
  readonly schema: GraphQLSchema
  readonly turns: ThreadTurns
  /** With a scope, its statements belong to that, and only plans can use it. */
  createContext(scope?: StatementScope): GraphQLContext
}

/** @throws what the executor throws; GraphQLError with the code UNAVAILABLE (retryRead.ts) */
export function executeOperation(request: AuthenticatedRequest, execution: Execution): Promise<OperationResult> {
  switch (execution.operation.kind) {
    case OperationTypeNode.QUERY:
      return executeQuery(request, execution)
    case OperationTypeNode.MUTATION:
      return executeMutation(request, execution)
    case OperationTypeNode.SUBSCRIPTION:
      return openSubscription(request, execution)
  }
}

function executeQuery(request: AuthenticatedRequest, execution: Execution): Promise<QueryResult> {
  const { deadline, responseSize, memory, callerKey } = request
  const turn = (): Promise<void> | void => deadline.wait(execution.turns.next(callerKey, 'rows'))
  return retryRead(request, (stop) => {
    const onBytes = (bytes: number): void => {
      if (stop.isAborted) return
      memory.addRead(bytes)
      responseSize.addRead(bytes)
    }
    const { statementEnded: onStatement } = request.log
    const scope = { abortable: stop, onBytes, onStatement, turn, readsOnly: true, caller: callerKey }
    return answerQuery(request, execution, scope)
  })
}

/** By its plan, if that covers the query. */
async function answerQuery(
  { responseSize }: AuthenticatedRequest,
  execution: Execution,
  scope: StatementScope,
): Promise<QueryResult> {
  const { operation, variables, createContext } = execution
  try {
    const planned = await operation.plans?.answer(variables, () => createContext(scope))
    if (planned !== undefined) return planned
  } catch (error) {
    if (!(error instanceof ResponseLimitError)) throw error
    responseSize.exceed()
    return { data: null }
  }
  // With a new context, because resolvers cache by context, such as partly read rows.
  return withinScope(scope, () => execute(executionArgs(execution)) as ExecutionResult)
}

/**
 * A mutation continues when its client disconnects, because the client wants it done. At the time
 * limit the running statement is rolled back; earlier statements stay committed.
 */
async function executeMutation(request: AuthenticatedRequest, execution: Execution): Promise<ExecutionResult> {
  const { deadline, memory, callerKey, log } = request
  deadline.ignoreDisconnect()
  memory.protect()
  const onBytes = (bytes: number): void => memory.addRead(bytes)
  const watch = { onBytes, onStatement: log.statementEnded, caller: callerKey }
  const args = executionArgs(execution)
  return withAbortSignal(deadline, () => execute(args) as ExecutionResult, watch)
}

/** A subscription has no time limit. */
async function openSubscription(request: AuthenticatedRequest, execution: Execution): Promise<OperationResult> {
  const { deadline, responseSize, shuttingDown, callerKey, log } = request
  deadline.runUntil(shuttingDown)
  const onBytes = (bytes: number): void => responseSize.addRead(bytes)
  const watch = { onBytes, onStatement: log.statementEnded, readsOnly: true, caller: callerKey }
  const run = <T>(work: () => T): T => withAbortSignal(deadline, work, watch)
  const args = executionArgs(execution)
  const result = (await run(() => subscribe(args))) as OperationResult
  if (!isStream(result)) return result
  const results = result[Symbol.asyncIterator]()
  // The executor reads the data of an event when the event is pulled, so each event is limited as a
  // query is.
  const next = (): Promise<IteratorResult<ExecutionResult>> => {
    responseSize.restart()
    return run(() => results.next())
  }
  const stream = { next, return: () => results.return(), [Symbol.asyncIterator]: () => stream }
  return stream
}

function executionArgs({ schema, operation, variables, createContext }: Execution) {
  const { document, operationName } = operation
  return { schema, document, operationName, variableValues: variables, contextValue: createContext() }
}
