// The caller of a request, as its credential identifies it.
import { labelOf, type Operation, ROLES, type Role, rolesFor, type Scope, scopeOf } from './roles.ts'

export interface Caller {
  /**
   * The actor of every record that the caller causes: `user:<sub>`, `key:<name>` or
   * `system:<task>`.
   */
  readonly actor: string
  /** The user whose jobs are the caller's own; null for programs that do not act for a user. */
  readonly userId: string | null
  readonly roles: readonly Role[]
}

/** Every caller of an open server. */
export const OPEN_CALLER: Caller = { actor: 'user:dev', userId: 'dev', roles: ROLES }

/** The roles of the caller do not allow the operation. */
export class ForbiddenError extends Error {
  override readonly name = 'ForbiddenError'
}

/** The scope that an operation has for the caller. @throws ForbiddenError if it is `none` */
export function requireScope(caller: Caller, operation: Operation): Exclude<Scope, 'none'> {
  const scope = scopeOf(caller.roles, operation)
  if (scope === 'none') throw forbidden(caller, operation)
  return scope
}

/**
 * The user to whose jobs an operation is limited for the caller; undefined if it may touch all
 * jobs.
 *
 * @throws ForbiddenError if it may touch no jobs
 */
export function ownerIdFor(caller: Caller, operation: Operation): string | undefined {
  if (requireScope(caller, operation) === 'any') return undefined
  if (caller.userId !== null) return caller.userId
  throw new ForbiddenError(
    `${caller.actor} may ${labelOf(operation)} only for its own user, but its credential names no user.`,
  )
}

export function forbidden({ actor, roles }: Caller, operation: Operation): ForbiddenError {
  const held = roles.length === 0 ? 'none' : roles.join(', ')
  return new ForbiddenError(
    `${actor} may not ${labelOf(operation)}: one of the roles ${rolesFor(operation).join(', ')} is required (got ${held}).`,
  )
}
