// The state of one request, from the socket to its last log line.
import type { ServerResponse } from 'node:http'
import type { Plugin } from 'graphql-yoga'
import type { Caller } from '../access/caller.ts'
import type { RequestLog } from './anonymousLog.ts'
import type { Deadline } from './deadline.ts'
import type { RequestMemory } from './requestMemory.ts'
import type { ResponseSizeLimit } from './responseSize.ts'

export interface RequestScope {
  readonly requestId: string
  /** Limited until the caller is authenticated (anonymousLog.ts). */
  log: RequestLog
  /** The remote address of the connection. */
  readonly address: string
  readonly response: ServerResponse
  /** Headers of the response. */
  readonly headers: { set(name: string, value: string): void }
  /** Aborts the request. */
  readonly deadline: Deadline
  /** The memory of the request. */
  readonly memory: RequestMemory
  /** The size limit of the response. */
  readonly responseSize: ResponseSizeLimit
  /**
   * Called when a statement of the request has ended, with its text and its duration in
   * milliseconds.
   */
  statementEnded?: (text: string, durationMs: number) => void
  operation?: string
  /** Set by authentication. */
  caller?: Caller
  /**
   * Identifies the caller for limits and fairness; set with `caller`. The actor, or the address if
   * the server is open.
   */
  callerKey?: string
  /** Checks the credential again. @throws GraphQLError if it is no longer valid */
  reauthenticate?(): Promise<Caller>
  /** Aborted when the server shuts down. */
  readonly shuttingDown: AbortSignal
}

/** The `serverContext` that Yoga passes to each of our plugins. */
export interface ServerContext {
  readonly scope: RequestScope
}

export type ServerPlugin = Plugin<ServerContext, ServerContext>
