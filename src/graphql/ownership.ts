// Finds out, before anything is written, which of the jobs that a caller names are within its reach. To whom a job belongs never
// changes, so an answer stays right. A job of somebody else is answered as one that does not exist.
import { type Caller, ForbiddenError, forbidden, ownerFor, requireScope } from '../access/caller.ts'
import { type Operation, scopeOf } from '../access/roles.ts'
import { InvalidInputError, JobNotFoundError } from '../ledger/errors.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { TransitionJobInput } from '../ledger/transitionJob.ts'
import type { GraphQLContext } from './context.ts'
import { isUuid } from './globalIds.ts'

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
  // What is no id of a job is for the ledger to refuse.
  return owner === undefined || !isUuid(jobId) || (await jobsOf(ledger, owner, [jobId])).has(jobId)
}

async function jobsOf(ledger: Ledger, userId: string, jobIds: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await ledger.prisma.job.findMany({
    where: { id: { in: [...new Set(jobIds)].filter(isUuid) }, userId },
    select: { id: true },
  })
  return new Set(rows.map(({ id }) => id))
}

/** A transition as its caller asks for it. */
export type Asked = Omit<TransitionJobInput, 'actor'>

const WORK: Operation = 'start, complete, fail and release jobs'

/**
 * The transitions that the caller asks for, each as it may be made; in the place of one that it may not make InvalidInputError, and
 * of one whose job is out of reach JobNotFoundError. A caller that may retry jobs but not release them retries: what it moves to
 * PENDING must have FAILED.
 *
 * @throws ForbiddenError if the caller may make none of them, whatever the jobs
 */
export async function permittedTransitions(
  { ledger, caller }: GraphQLContext,
  asked: readonly Asked[],
): Promise<(Asked | JobNotFoundError | InvalidInputError)[]> {
  const permitted = eachPermitted(asked, 'to', (input) => permittedTransition(caller, input))
  // Too many are refused by the ledger, all of them.
  if (asked.length > ledger.limits.batchItems) return [...asked]
  const confined = permitted.filter((one) => !(one instanceof InvalidInputError) && one.owner !== undefined)
  const [owner] = (confined as Permitted[]).map((one) => one.owner)
  const ids = (confined as Permitted[]).map(({ input }) => input.jobId)
  const own = owner === undefined ? new Set<string>() : await jobsOf(ledger, owner, ids)
  return permitted.map((one) => {
    if (one instanceof InvalidInputError) return one
    const { jobId } = one.input
    return one.owner === undefined || own.has(jobId) || !isUuid(jobId) ? one.input : new JobNotFoundError(jobId)
  })
}

/** A transition as its caller may make it, and to whose jobs it is confined. */
interface Permitted {
  readonly input: Asked
  readonly owner: string | undefined
}

/**
 * The items of a batch, each as the caller may have it, or InvalidInputError at `path` in the place of one that it may not have.
 *
 * @throws ForbiddenError if the caller may have none of them
 */
export function eachPermitted<Item, Result>(
  items: readonly Item[],
  path: string,
  permit: (item: Item) => Result,
): (Result | InvalidInputError)[] {
  let refusal: ForbiddenError | undefined
  let refused = 0
  const results = items.map((item) => {
    try {
      return permit(item)
    } catch (error) {
      if (!(error instanceof ForbiddenError)) throw error
      refusal = error
      refused += 1
      return new InvalidInputError([{ path: [path], message: error.message }])
    }
  })
  if (refusal !== undefined && refused === items.length) throw refusal
  return results
}

function permittedTransition(caller: Caller, input: Asked): Permitted {
  const works = scopeOf(caller.roles, WORK) !== 'none'
  if (input.to === 'CANCELLED') return { input, owner: ownerFor(caller, 'cancel jobs') }
  if (input.to !== 'PENDING' || works) return { input, owner: ownerFor(caller, WORK) }
  if (input.expectedState != null && input.expectedState !== 'FAILED') throw forbidden(caller, WORK)
  requireScope(caller, 'retry jobs')
  return { input: { ...input, expectedState: 'FAILED' }, owner: ownerFor(caller, 'retry jobs') }
}
