// Finds out, before anything is written, which of the jobs that a caller names are within its reach. To whom a job belongs never
// changes, so an answer stays right. A job of somebody else is answered as one that does not exist.
import { type Caller, ForbiddenError, forbidden, ownerFor, requireScope } from '../access/caller.ts'
import { type Operation, scopeOf } from '../access/roles.ts'
import { InvalidInputError, JobNotFoundError } from '../ledger/errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { TransitionJobInput } from '../ledger/transitionJob.ts'
import type { GraphQLContext } from './context.ts'

/**
 * A new job with the user that it belongs to: the caller, unless it names another; or InvalidInputError if there is none.
 *
 * @throws ForbiddenError if the caller may not create jobs for that user
 */
export function withOwner<Input extends { userId?: string | null | undefined }>(caller: Caller, input: Input) {
  const owner = ownerFor(caller, 'create jobs')
  const userId = input.userId ?? caller.userId
  if (userId === null) {
    const message = `must be given: the credential of ${caller.actor} names no user that the job could belong to.`
    return new InvalidInputError([{ path: ['userId'], message }])
  }
  if (owner === undefined || userId === owner) return { ...input, userId }
  throw new ForbiddenError(
    `${caller.actor} may create jobs of the user "${owner}" only; acting for another takes the role ADMIN.`,
  )
}

/**
 * Whether the operation reaches this job for the caller. A job that does not exist is out of reach for those who reach only their
 * own.
 *
 * @throws ForbiddenError if it reaches none
 */
export async function isWithinReach(
  { ledger, caller }: GraphQLContext,
  operation: Operation,
  jobId: string,
): Promise<boolean> {
  const owner = ownerFor(caller, operation)
  return owner === undefined || (await jobsOf(ledger, owner, [jobId])).has(jobId)
}

async function jobsOf(ledger: Ledger, userId: string, jobIds: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await ledger.prisma.job.findMany({
    where: { id: { in: [...new Set(jobIds)] }, userId },
    select: { id: true },
  })
  return new Set(rows.map(({ id }) => id))
}

/** A transition as its caller asks for it. */
export type Asked = Omit<TransitionJobInput, 'actor'>

const WORK: Operation = 'start, complete, fail and release jobs'

/**
 * The transitions that the caller asks for, each as it may be made, or JobNotFoundError in the place of one whose job is out of
 * reach. A caller that may retry jobs but not release them retries: what it moves to PENDING must have FAILED.
 *
 * @throws ForbiddenError if the caller may not make one of them, whatever the job
 */
export async function permittedTransitions(
  { ledger, caller }: GraphQLContext,
  asked: readonly Asked[],
): Promise<(Asked | JobNotFoundError)[]> {
  const permitted = asked.map((input) => permittedTransition(caller, input))
  // Too many are refused by the ledger, all of them.
  if (asked.length > ledger.limits.batchItems) return [...asked]
  const confined = permitted.filter(({ owner }) => owner !== undefined)
  const [owner] = confined.map((one) => one.owner)
  if (owner === undefined) return permitted.map(({ input }) => input)
  const own = await jobsOf(
    ledger,
    owner,
    confined.map(({ input }) => input.jobId),
  )
  return permitted.map((one) =>
    one.owner === undefined || own.has(one.input.jobId) ? one.input : new JobNotFoundError(one.input.jobId),
  )
}

function permittedTransition(caller: Caller, input: Asked): { input: Asked; owner: string | undefined } {
  const works = scopeOf(caller.roles, WORK) !== 'none'
  if (input.to === 'CANCELLED') return { input, owner: ownerFor(caller, 'cancel jobs') }
  if (input.to !== 'PENDING' || works) return { input, owner: ownerFor(caller, WORK) }
  if (input.expectedState != null && input.expectedState !== 'FAILED') throw forbidden(caller, WORK)
  requireScope(caller, 'retry jobs')
  return { input: { ...input, expectedState: 'FAILED' }, owner: ownerFor(caller, 'retry jobs') }
}
