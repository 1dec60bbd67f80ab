// Adds the actor and the owner to the input of mutations, as the credential determines them.
import { type Caller, ForbiddenError, forbidden, ownerIdFor, requireScope } from '../access/caller.ts'
import { type Operation, scopeOf } from '../access/roles.ts'
import { InvalidInputError } from '../ledger/errors.ts'
import type { TransitionJobInput } from '../ledger/transitionJob.ts'
import { jobIdGiven } from './globalIds.ts'

/**
 * The input of a new job with its user, by default the caller's. InvalidInputError if neither the
 * input nor the credential names a user.
 *
 * @throws ForbiddenError if the caller may not create jobs for the user
 */
export function withOwner<Input extends { userId?: string | null | undefined }>(caller: Caller, input: Input) {
  const ownerId = ownerIdFor(caller, 'jobs:create')
  const userId = input.userId ?? caller.userId
  if (userId === null) {
    const message = `is required: the credential of ${caller.actor} names no user to own the job.`
    return new InvalidInputError([{ path: ['userId'], message }])
  }
  if (ownerId === undefined || userId === ownerId) return { ...input, userId }
  throw new ForbiddenError(
    `${caller.actor} may create jobs only for the user "${ownerId}"; the role ADMIN is required to create jobs for others.`,
  )
}

/**
 * The input of an operation on one job, with the actor and the owner to whose jobs the caller is
 * limited. The ledger makes the owner part of its statement, so a job of another user is treated
 * like one that does not exist.
 *
 * @throws ForbiddenError if the roles of the caller do not allow the operation
 */
export function withinScope<Input extends { jobId: string }>(caller: Caller, operation: Operation, input: Input) {
  return {
    ...input,
    jobId: jobIdGiven(input.jobId),
    ownerId: ownerIdFor(caller, operation),
    actor: caller.actor,
  }
}

/** A transition as the client requests it. */
export type RequestedTransition = Omit<TransitionJobInput, 'actor' | 'ownerId'>

export const WORK: Operation = 'jobs:work'

/**
 * The requested transitions with their actor and owner. Each transition that the caller may not
 * make is replaced by an InvalidInputError. If the caller may retry jobs but not release them, a
 * job that it moves to PENDING must be FAILED.
 *
 * @throws ForbiddenError if the caller may make none of the transitions
 */
export function scopedTransitions(
  caller: Caller,
  requested: readonly RequestedTransition[],
): (ReturnType<typeof scopedTransition> | InvalidInputError)[] {
  return authorizeEach(requested, 'to', (input) => scopedTransition(caller, input))
}

/**
 * Maps the items of a batch with `authorize`. Each item for which it throws ForbiddenError is
 * replaced by an InvalidInputError at `path`, with the ForbiddenError as its cause.
 *
 * @throws ForbiddenError if all items are refused
 */
export function authorizeEach<Item, Result>(
  items: readonly Item[],
  path: string,
  authorize: (item: Item) => Result,
): (Result | InvalidInputError)[] {
  let refusal: ForbiddenError | undefined
  let refusedCount = 0
  const results = items.map((item) => {
    try {
      return authorize(item)
    } catch (error) {
      if (!(error instanceof ForbiddenError)) throw error
      refusal = error
      refusedCount += 1
      return new InvalidInputError([{ path: [path], message: error.message }], { cause: error })
    }
  })
  if (refusal !== undefined && refusedCount === items.length) throw refusal
  return results
}

function scopedTransition(caller: Caller, input: RequestedTransition) {
  const isWorker = scopeOf(caller.roles, WORK) !== 'none'
  if (input.to === 'CANCELLED') return withinScope(caller, 'jobs:cancel', input)
  if (input.to !== 'PENDING' || isWorker) return withinScope(caller, WORK, input)
  if (input.expectedState != null && input.expectedState !== 'FAILED') throw forbidden(caller, WORK)
  requireScope(caller, 'jobs:retry')
  return withinScope(caller, 'jobs:retry', { ...input, expectedState: 'FAILED' as const })
}
