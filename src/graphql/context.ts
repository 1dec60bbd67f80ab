// The context of every resolver.
import type { Logger } from 'pino'
import { type Caller, ownerIdFor } from '../access/caller.ts'
import type { Operation } from '../access/roles.ts'
import type { Prisma } from '../database/generated/client.ts'
import type { PoolUse } from '../database/poolUse.ts'
import type { EventFeed } from '../events/eventFeed.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { RefusalSink } from '../ledger/refusals.ts'
import type { ResponseBudget } from '../ledger/returnedJob.ts'

/** The server process that answers. */
export interface Replica {
  /** The version of the package. */
  readonly version: string
  /** When the process created the server, by its own clock. */
  readonly startedAt: Date
  connections(): PoolUse
}

export interface GraphQLContext {
  readonly ledger: Ledger
  readonly events: EventFeed
  readonly replica: Replica
  /** Where refused attempts to change jobs are passed to. */
  readonly refusals: RefusalSink
  /** Limits the size of the response: of planned queries, and of the results of mutations. */
  readonly responseBudget: ResponseBudget
  /** Call before each mutation. @throws GraphQLError if its caller has used up the memory */
  requireMemory(): void
  /** The caller, as authenticated at the start of the request. */
  readonly caller: Caller
  /** Authenticates the credential again. @throws GraphQLError if it is no longer valid */
  reauthenticate(): Promise<Caller>
  /**
   * Resolves when the thread is free for more of a large response. Rejects when the request is
   * aborted.
   */
  readonly turn?: (() => Promise<void> | void) | undefined
  /** Aborted when the client no longer waits for the response. */
  readonly signal: AbortSignal
  /** Called after each SQL statement of the request, with its text and duration. */
  readonly statementEnded?: ((text: string, durationMs: number) => void) | undefined
  /** Identifies the request in responses and in the log. */
  readonly requestId: string
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>
}

/**
 * A Prisma condition for the jobs that the caller may read.
 *
 * @throws ForbiddenError if it may read no jobs
 */
export function ownerWhere({ caller }: GraphQLContext): Pick<Prisma.JobWhereInput, 'userId'> {
  const ownerId = ownerIdFor(caller, 'jobs:read')
  return ownerId === undefined ? {} : { userId: ownerId }
}

/**
 * The owner to whose jobs an operation of the caller is limited, if any.
 *
 * @throws ForbiddenError if it may touch no jobs
 */
export function ownerScope({ caller }: GraphQLContext, operation: Operation): { ownerId?: string } {
  const ownerId = ownerIdFor(caller, operation)
  return ownerId === undefined ? {} : { ownerId }
}
