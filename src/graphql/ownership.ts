// Adds to the input of a mutation what the credential decides: the owner of a new job, and to whose jobs an operation is limited.
import { type Caller, ForbiddenError, forbidden, ownerFor, requireScope } from '../access/caller.ts'
import { type Operation, scopeOf } from '../access/roles.ts'
import { InvalidInputError } from '../ledger/errors.ts'
import type { TransitionJobInput } from '../ledger/transitionJob.ts'
import { jobIdGiven } from './globalIds.ts'

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
 * The input of an operation on one job, with what the credential decides: who acts, and the owner to whose jobs the operation is
 * limited. The ledger makes the owner part of its statement, so a job of another user is the same as one that does not exist.
 *
 * @throws ForbiddenError if the caller may not use the operation at all
 */
export function withinScope<Input extends { jobId: string }>(caller: Caller, operation: Operation, input: Input) {
  return {
    ...input,
    jobId: jobIdGiven(input.jobId),
    ownerId: ownerFor(caller, operation),
    actor: caller.actor,
  }
}

/** A transition as its caller asks for it. */
export type Asked = Omit<TransitionJobInput, 'actor' | 'ownerId'>

export const WORK: Operation = 'start, complete, fail and release jobs'

/**
 * The transitions that the caller asks for, each with the owner to whose jobs it is limited; InvalidInputError in the place of one that
 * the caller may not make. A caller that may retry jobs but not release them retries: a job that it moves to PENDING must be FAILED.
 *
 * @throws ForbiddenError if the caller may make none of them, whatever the jobs
 */
export function permittedTransitions(
  caller: Caller,
  asked: readonly Asked[],
): (ReturnType<typeof permittedTransition> | InvalidInputError)[] {
  return eachPermitted(asked, 'to', (input) => permittedTransition(caller, input))
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

function permittedTransition(caller: Caller, input: Asked) {
  const works = scopeOf(caller.roles, WORK) !== 'none'
  if (input.to === 'CANCELLED') return withinScope(caller, 'cancel jobs', input)
  if (input.to !== 'PENDING' || works) return withinScope(caller, WORK, input)
  if (input.expectedState != null && input.expectedState !== 'FAILED') throw forbidden(caller, WORK)
  requireScope(caller, 'retry jobs')
  return withinScope(caller, 'retry jobs', { ...input, expectedState: 'FAILED' as const })
}
