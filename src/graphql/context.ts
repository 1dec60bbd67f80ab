// What every resolver is given.
import type { Logger } from 'pino'
import { type Caller, ownerFor } from '../access/caller.ts'
import type { Operation } from '../access/roles.ts'
import type { Prisma } from '../database/generated/client.ts'
import type { EventFeed } from '../events/eventFeed.ts'
import type { AnswerBudget } from '../ledger/jobAnswer.ts'
import type { Ledger } from '../ledger/ledger.ts'

export interface GraphQLContext {
  readonly ledger: Ledger
  readonly events: EventFeed
  /** What the answers of the mutations of the request may have in all. */
  readonly answerBudget: AnswerBudget
  /** Who is asking, by the credential of the request. */
  readonly caller: Caller
  /** Who is asking, by the same credential, as it is good now. @throws GraphQLError if it is not good any more */
  reauthenticate(): Promise<Caller>
  /** Aborted when nobody waits for the answer any longer. */
  readonly signal: AbortSignal
  /** Told of each statement for the request when it has ended: its text, and how many milliseconds it took. */
  readonly statementEnded?: ((text: string, durationMs: number) => void) | undefined
  /** Names the request in answers and in the log. */
  readonly requestId: string
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>
}

/** Which jobs the caller may see, as a condition of Prisma. @throws ForbiddenError if none at all */
export function visibleJobs({ caller }: GraphQLContext): Pick<Prisma.JobWhereInput, 'userId'> {
  const owner = ownerFor(caller, 'read jobs')
  return owner === undefined ? {} : { userId: owner }
}

/** To whose jobs an operation of the caller is confined, as a condition of the ledger. @throws ForbiddenError if it reaches none */
export function confinedTo({ caller }: GraphQLContext, operation: Operation): { ownerId?: string } {
  const owner = ownerFor(caller, operation)
  return owner === undefined ? {} : { ownerId: owner }
}
