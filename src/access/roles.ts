// Who may do what: the one place where it is said. docs/security.md shows this table; which field of the API is which operation is in
// graphql/accessRules.ts.

export const ROLES = ['USER', 'WORKER', 'AUDITOR', 'ADMIN'] as const

export type Role = (typeof ROLES)[number]

/** Whose jobs an operation reaches: nobody's, those of the caller's own user id, or everybody's. */
export type Scope = 'none' | 'own' | 'any'

export const ACCESS = {
  'read jobs': { USER: 'own', WORKER: 'any', AUDITOR: 'any', ADMIN: 'any' },
  'create jobs': { USER: 'own', WORKER: 'none', AUDITOR: 'none', ADMIN: 'any' },
  'claim jobs and extend leases': { USER: 'none', WORKER: 'any', AUDITOR: 'none', ADMIN: 'any' },
  'start, complete, fail and release jobs': { USER: 'none', WORKER: 'any', AUDITOR: 'none', ADMIN: 'any' },
  'set results': { USER: 'none', WORKER: 'any', AUDITOR: 'none', ADMIN: 'any' },
  'cancel jobs': { USER: 'own', WORKER: 'any', AUDITOR: 'none', ADMIN: 'any' },
  'retry jobs': { USER: 'own', WORKER: 'any', AUDITOR: 'none', ADMIN: 'any' },
  'delete jobs': { USER: 'own', WORKER: 'none', AUDITOR: 'none', ADMIN: 'any' },
  'rescue stuck jobs': { USER: 'none', WORKER: 'none', AUDITOR: 'none', ADMIN: 'any' },
  'clean up old jobs': { USER: 'none', WORKER: 'none', AUDITOR: 'none', ADMIN: 'any' },
  'know where the ledger ends': { USER: 'any', WORKER: 'any', AUDITOR: 'any', ADMIN: 'any' },
  'see the consumers': { USER: 'none', WORKER: 'none', AUDITOR: 'none', ADMIN: 'any' },
  'read the state machine': { USER: 'any', WORKER: 'any', AUDITOR: 'any', ADMIN: 'any' },
  'see who they are': { USER: 'any', WORKER: 'any', AUDITOR: 'any', ADMIN: 'any' },
} as const satisfies Record<string, Record<Role, Scope>>

export type Operation = keyof typeof ACCESS

export const OPERATIONS = Object.keys(ACCESS) as Operation[]

const WIDTH: readonly Scope[] = ['none', 'own', 'any']

/** How far an operation reaches for somebody with these roles: as far as the best of them. */
export function scopeOf(roles: readonly Role[], operation: Operation): Scope {
  return WIDTH[Math.max(0, ...roles.map((role) => WIDTH.indexOf(ACCESS[operation][role])))] ?? 'none'
}

/** The roles that may do it at all. */
export function rolesFor(operation: Operation): Role[] {
  return ROLES.filter((role) => ACCESS[operation][role] !== 'none')
}
