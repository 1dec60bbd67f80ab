// Answers GraphQL requests. Each phase is a function that returns what it learned (request.ts); a
// request that is refused in one phase does not reach the next. guards/guards.ts lists the checks.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ExecutionResult, type GraphQLSchema, OperationTypeNode } from 'graphql'
import type { Logger } from 'pino'
import type { Authenticate } from '../access/authenticate.ts'
import type { StatementScope } from '../database/cancellation.ts'
import type { EventFeed } from '../events/eventFeed.ts'
import { PacedTurns } from '../fairness/pacedTurns.ts'
import { ThreadTurns } from '../fairness/threadTurns.ts'
import type { GraphQLContext, Replica } from '../graphql/context.ts'
import type { DocumentLimits } from '../graphql/limits/documentLimits.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { RefusalSink } from '../ledger/refusals.ts'
import { anonymousLog } from './anonymousLog.ts'
import { Deadline } from './deadline.ts'
import { EventStreams } from './eventStreams.ts'
import { executeOperation, isStream, type QueryResult, type ResultStream } from './executeOperation.ts'
import { sendGraphiQL } from './graphiqlPage.ts'
import { identify } from './guards/authentication.ts'
import { type GuardOptions, guardBody, guardOperation, guardOrigin, guardParameters } from './guards/guards.ts'
import { acceptedTypes, streamNotAccepted } from './guards/mediaTypes.ts'
import { parametersInBody, parametersInUrl, type RawParameters } from './guards/parameters.ts'
import { createRateLimiter, type RateLimits } from './guards/rateLimit.ts'
import { RefusedRequest } from './guards/refusedRequest.ts'
import { defaultMemoryLimit, MemoryBudget } from './memoryBudget.ts'
import { PreparedDocuments } from './preparedDocuments.ts'
import type { AuthenticatedRequest, Identity, ReceivedRequest, RequestedOperation } from './request.ts'
import { RequestBody } from './requestBody.ts'
import { RequestContext } from './requestContext.ts'
import { RequestLog } from './requestLog.ts'
import { maxResponseBytes, RequestMemory } from './requestMemory.ts'
import { limitEvents, limitResult, ResponseSizeLimit } from './responseSize.ts'
import { failureOf, maskResult } from './resultErrors.ts'
import { closeIfUnread } from './unreadResponse.ts'
import { writeRefusal, writeResult } from './writeResponse.ts'

export interface GraphQLHandlerOptions extends GuardOptions {
  readonly ledger: Ledger
  readonly events: EventFeed
  readonly replica: Replica
  readonly refusals: RefusalSink
  readonly schema: GraphQLSchema
  /** Whether queries are answered by plans where possible (graphql/plan). */
  readonly plansQueries: boolean
  readonly log: Logger
  readonly authenticate: Authenticate
  readonly documentLimits: DocumentLimits
  readonly rateLimits: RateLimits | undefined
  readonly responseLimitBytes: number
  /** Maximum memory for all requests together. Undefined: a share of Node's heap limit. */
  readonly memoryLimitBytes: number | undefined
  readonly requestTimeoutMs: number
  /** Interval of pings on an idle stream, in milliseconds. */
  readonly pingMs: number
  /** Requests and statements that take this long or longer are logged; 0 turns this off. */
  readonly slowThresholdMs: number
  /** Authentication is off. */
  readonly open: boolean
  /** For development: GraphiQL, introspection, and suggestions in messages. */
  readonly exploration: boolean
}

/** What the server passes with each request. */
export interface RequestOrigin {
  readonly requestId: string
  /** Aborted when the server shuts down. */
  readonly shuttingDown: AbortSignal
}

export type GraphQLHandler = (
  message: IncomingMessage,
  response: ServerResponse,
  origin: RequestOrigin,
) => Promise<void>

export function createGraphQLHandler(options: GraphQLHandlerOptions): GraphQLHandler {
  const server = new GraphQLServer(options)
  return async (message, response, origin) => {
    const request = server.receive(message, response, origin)
    if (options.exploration && message.method === 'GET' && request.accepted.page) {
      closeIfUnread(response, options.requestTimeoutMs)
      await sendGraphiQL(response, options.open)
    } else await server.answer(request)
  }
}

/** The phases of a request, in order, and what all requests share. */
class GraphQLServer {
  private readonly options: GraphQLHandlerOptions
  private readonly logOptions
  private readonly limiter
  private readonly budget
  private readonly responseLimitBytes
  private readonly documents
  private readonly turns = new ThreadTurns()
  private readonly eventTurns = new PacedTurns()
  private readonly streams

  constructor(options: GraphQLHandlerOptions) {
    const { schema, plansQueries, documentLimits: limits, exploration, rateLimits } = options
    const memoryLimitBytes = options.memoryLimitBytes ?? defaultMemoryLimit()
    this.options = options
    this.logOptions = { ...options, anonymous: anonymousLog(options.log) }
    this.limiter = rateLimits && createRateLimiter(rateLimits)
    this.budget = new MemoryBudget(memoryLimitBytes)
    this.responseLimitBytes = Math.min(options.responseLimitBytes, maxResponseBytes(memoryLimitBytes))
    const { limits: pages } = options.ledger
    this.documents = new PreparedDocuments({ schema, plansQueries, limits, pages, introspection: exploration })
    this.streams = new EventStreams(options.pingMs)
  }

  receive(message: IncomingMessage, response: ServerResponse, origin: RequestOrigin): ReceivedRequest {
    const { requestTimeoutMs } = this.options
    const { requestId, shuttingDown } = origin
    return {
      message,
      response,
      address: message.socket.remoteAddress ?? 'unknown',
      accepted: acceptedTypes(message.headers),
      deadline: new Deadline(response, requestTimeoutMs),
      log: new RequestLog(requestId, response, this.logOptions),
      shuttingDown,
    }
  }

  async answer(received: ReceivedRequest): Promise<void> {
    try {
      guardOrigin(received, this.options)
      const identity = await identify(received, this.options.authenticate, this.limiter)
      await this.answerCaller(this.bound(received, identity))
    } catch (error) {
      if (error instanceof RefusedRequest) writeRefusal(received.response, error)
      else this.send(received, failureOf(error), false)
    }
  }

  private bound(received: ReceivedRequest, identity: Identity): AuthenticatedRequest {
    const { message, response, address, log, accepted, deadline, shuttingDown } = received
    const { caller, callerKey, reauthenticate } = identity
    const body = new RequestBody(message, this.options.bodyLimitBytes)
    const abort = (): void => {
      const reason = new Error('there is not enough memory for the request')
      deadline.abort(reason)
      body.discard(reason)
      if (response.headersSent) response.destroy()
    }
    const memory = new RequestMemory(this.budget.open(callerKey, abort))
    response.once('close', () => memory.release())
    const onExceeded = (): void => deadline.abort(new Error('the response is too large'))
    const responseSize = new ResponseSizeLimit(this.responseLimitBytes, onExceeded)
    // biome-ignore format: one line for what each phase has learned
    return {
      message, response, address, log, accepted, deadline, shuttingDown,
      caller, callerKey, reauthenticate,
      body, memory, responseSize,
    }
  }

  /** @throws RefusedRequest */
  private async answerCaller(request: AuthenticatedRequest): Promise<void> {
    let isMutation = false
    let result: QueryResult
    try {
      guardBody(request, this.options)
      const { operation, variables } = this.prepare(request, await this.readParameters(request))
      isMutation = operation.kind === OperationTypeNode.MUTATION
      const { options, turns } = this
      const createContext = (scope?: StatementScope): GraphQLContext => new RequestContext(request, options, scope)
      const executed = await executeOperation(request, {
        operation,
        variables,
        schema: options.schema,
        turns,
        createContext,
      })
      if (isStream(executed)) return await this.stream(request, executed)
      result = executed
    } catch (error) {
      if (error instanceof RefusedRequest) throw error
      result = failureOf(error)
    }
    this.send(request, limitResult(result, request, isMutation), isMutation)
  }

  private prepare(request: AuthenticatedRequest, raw: RawParameters): RequestedOperation {
    const { message, callerKey, memory, log } = request
    const parameters = guardParameters(raw, this.options)
    const { operation, cost } = guardOperation(parameters, message.method, this.documents)
    memory.check()
    memory.expectNodes(cost)
    this.documents.keep(callerKey, operation)
    log.setOperation(operation.kind, operation.node.name?.value)
    return { operation, variables: parameters.variables }
  }

  /** The turn in which they are parsed lasts until the operation first waits for the database. */
  private async readParameters({
    message,
    body,
    memory,
    deadline,
    callerKey,
  }: AuthenticatedRequest): Promise<RawParameters> {
    if (message.method === 'POST') {
      memory.addBody(body.expectedBytes)
      const bytes = await body.read()
      await deadline.wait(this.turns.next(callerKey))
      return parametersInBody(bytes)
    }
    await deadline.wait(this.turns.next(callerKey))
    return parametersInUrl(message.url ?? '', this.options.trustedDocuments !== undefined)
  }

  /** @throws RefusedRequest */
  private async stream(request: AuthenticatedRequest, results: ResultStream): Promise<void> {
    const { accepted, response, caller, callerKey, responseSize } = request
    // The end of the response ends the subscription (deadline.ts).
    if (!accepted.events) throw streamNotAccepted()
    const limited = limitEvents(results, responseSize, () => this.eventTurns.next(callerKey))
    await this.streams.send(response, this.publicEvents(request, limited), caller.actor)
  }

  private async *publicEvents(
    request: ReceivedRequest,
    results: AsyncIterable<ExecutionResult>,
  ): AsyncGenerator<ExecutionResult> {
    try {
      for await (const result of results) yield this.publicResult(request, result, false)
    } catch (error) {
      yield this.publicResult(request, failureOf(error), false)
    }
  }

  private send(request: ReceivedRequest, result: QueryResult, isMutation: boolean): void {
    writeResult(request.response, this.publicResult(request, result, isMutation), request.accepted.result)
    closeIfUnread(request.response, this.options.requestTimeoutMs)
  }

  private publicResult({ log, deadline }: ReceivedRequest, result: QueryResult, isMutation: boolean): QueryResult {
    if (result.errors === undefined) return result
    const { requestTimeoutMs, exploration } = this.options
    return maskResult(result, { log, deadline, isMutation, requestTimeoutMs, suggestions: exploration })
  }
}
