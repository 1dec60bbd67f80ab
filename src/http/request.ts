// What is known of a GraphQL request. Each phase of src/http/graphqlHandler.ts returns a new value
// with what it has learned, so the type of a parameter says which phases must have run. The values
// are not made by spreading others: Node 20 would keep part of each, and with it the whole request,
// until the next major garbage collection.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Caller } from '../access/caller.ts'
import type { Deadline } from './deadline.ts'
import type { AcceptedTypes } from './guards/mediaTypes.ts'
import type { PreparedOperation } from './preparedDocuments.ts'
import type { RequestBody } from './requestBody.ts'
import type { RequestLog } from './requestLog.ts'
import type { RequestMemory } from './requestMemory.ts'
import type { ResponseSizeLimit } from './responseSize.ts'

/** Its headers have arrived. */
export interface ReceivedRequest {
  readonly message: IncomingMessage
  readonly response: ServerResponse
  /** The remote address of the connection. */
  readonly address: string
  readonly log: RequestLog
  readonly accepted: AcceptedTypes
  readonly deadline: Deadline
  /** Aborted when the server shuts down. */
  readonly shuttingDown: AbortSignal
}

/** Who sent a request. */
export interface Identity {
  readonly caller: Caller
  /**
   * Identifies the caller for limits and fairness: the actor, or the address if the server is open.
   */
  readonly callerKey: string
  /** Checks the credential again. @throws GraphQLError if it is no longer valid */
  reauthenticate(): Promise<Caller>
}

/** Its caller is known. What it holds is counted for that caller, and limited. */
export interface AuthenticatedRequest extends ReceivedRequest, Identity {
  readonly body: RequestBody
  readonly memory: RequestMemory
  readonly responseSize: ResponseSizeLimit
}

/** What a request asks for: valid, and within the limits. */
export interface RequestedOperation {
  readonly operation: PreparedOperation
  readonly variables: Readonly<Record<string, unknown>>
}
