// What a request carries from the socket to its last log line.
import type { ServerResponse } from 'node:http'
import type { Plugin } from 'graphql-yoga'
import type { Caller } from '../access/caller.ts'
import type { RequestLog } from './anonymousLog.ts'
import type { Deadline } from './deadline.ts'
import type { RequestMemory } from './requestMemory.ts'
import type { ResponseSizeLimit } from './responseSize.ts'

export interface RequestScope {
  readonly requestId: string
  /** Bounded until the caller is known. */
  log: RequestLog
  /** The address that the connection comes from. */
  readonly address: string
  readonly response: ServerResponse
  /** Headers of the answer. */
  readonly headers: { set(name: string, value: string): void }
  /** When the request is given up. */
  readonly deadline: Deadline
  /** What the request takes of the memory of the process. */
  readonly memory: RequestMemory
  /** How large the answer may become. */
  readonly answerSize: ResponseSizeLimit
  /** Told of each statement for the request when it has ended: its text, and how many milliseconds it took. */
  statementEnded?: (text: string, durationMs: number) => void
  operation?: string
  /** Known once the credential was looked at. */
  caller?: Caller
  /** By which the caller is counted, known with it: the actor, or in an open server the address. */
  callerKey?: string
  /** Looks at the credential again. @throws GraphQLError if it is not good any more */
  reauthenticate?(): Promise<Caller>
  /** Aborted when the server shuts down. */
  readonly shuttingDown: AbortSignal
}

/** What Yoga hands to each of our plugins, as `serverContext`. */
export interface ServerContext {
  readonly scope: RequestScope
}

export type ServerPlugin = Plugin<ServerContext, ServerContext>
