// Who is asking, as the credential of the request tells it.
import { type Operation, ROLES, type Role, rolesFor, type Scope, scopeOf } from './roles.ts'

export interface Caller {
  /** Stands in every record that the caller causes: `user:<sub>`, `key:<name>`, `system:<task>`. */
  readonly actor: string
  /** Whose jobs are the caller's own; null for programs that act for nobody. */
  readonly userId: string | null
  readonly roles: readonly Role[]
}

/** Whoever it is, in a server that asks nobody. */
export const OPEN_CALLER: Caller = { actor: 'user:dev', userId: 'dev', roles: ROLES }

/** The caller's roles do not allow what was asked. */
export class ForbiddenError extends Error {
  override readonly name = 'ForbiddenError'
}

/** How far an operation reaches for a caller. @throws ForbiddenError if not at all */
export function requireScope(caller: Caller, operation: Operation): Exclude<Scope, 'none'> {
  const scope = scopeOf(caller.roles, operation)
  if (scope === 'none') throw forbidden(caller, operation)
  return scope
}

/**
 * To whose jobs an operation is confined for a caller: a user id, or undefined if it reaches all jobs.
 *
 * @throws ForbiddenError if it reaches none
 */
export function ownerFor(caller: Caller, operation: Operation): string | undefined {
  if (requireScope(caller, operation) === 'any') return undefined
  if (caller.userId !== null) return caller.userId
  throw new ForbiddenError(
    `${caller.actor} may ${operation} of its own user only, but its credential names no user id.`,
  )
}

export function forbidden({ actor, roles }: Caller, operation: Operation): ForbiddenError {
  const held = roles.length === 0 ? 'none' : roles.join(', ')
  return new ForbiddenError(
    `${actor} may not ${operation}: that takes one of the roles ${rolesFor(operation).join(', ')}; the credential has ${held}.`,
  )
}
