// The table of roles: who may do what. docs/security.md shows it; graphql/accessRules.ts maps the
// fields of the API to its operations.

export const ROLES = ['USER', 'WORKER', 'AUDITOR', 'ADMIN'] as const

export type Role = (typeof ROLES)[number]

/** Which jobs an operation may touch: no jobs, those of the caller's own user id, or all jobs. */
export type Scope = 'none' | 'own' | 'any'

interface Rule extends Readonly<Record<Role, Scope>> {
  /** Completes the sentence "The caller may ...". */
  readonly label: string
}

export const ACCESS = {
  'jobs:read': { label: 'read jobs', USER: 'own', WORKER: 'any', AUDITOR: 'any', ADMIN: 'any' },
  'jobs:create': { label: 'create jobs', USER: 'own', WORKER: 'none', AUDITOR: 'none', ADMIN: 'any' },
  'jobs:claim': {
    label: 'claim jobs and extend leases',
    USER: 'none',
    WORKER: 'any',
    AUDITOR: 'none',
    ADMIN: 'any',
  },
  'jobs:work': {
    label: 'start, complete, fail and release jobs',
    USER: 'none',
    WORKER: 'any',
    AUDITOR: 'none',
    ADMIN: 'any',
  },
  'results:set': { label: 'set results', USER: 'none', WORKER: 'any', AUDITOR: 'none', ADMIN: 'any' },
  'jobs:cancel': { label: 'cancel jobs', USER: 'own', WORKER: 'any', AUDITOR: 'none', ADMIN: 'any' },
  'jobs:retry': { label: 'retry jobs', USER: 'own', WORKER: 'any', AUDITOR: 'none', ADMIN: 'any' },
  'jobs:delete': { label: 'delete jobs', USER: 'own', WORKER: 'none', AUDITOR: 'none', ADMIN: 'any' },
  'jobs:rescue': { label: 'rescue stuck jobs', USER: 'none', WORKER: 'none', AUDITOR: 'none', ADMIN: 'any' },
  'jobs:cleanup': { label: 'clean up old jobs', USER: 'none', WORKER: 'none', AUDITOR: 'none', ADMIN: 'any' },
  'bulk:run': { label: 'run bulk actions', USER: 'own', WORKER: 'none', AUDITOR: 'none', ADMIN: 'any' },
  'events:cursor': { label: 'get the latest event cursor', USER: 'any', WORKER: 'any', AUDITOR: 'any', ADMIN: 'any' },
  'events:delay': { label: 'read how long events wait', USER: 'any', WORKER: 'any', AUDITOR: 'any', ADMIN: 'any' },
  'consumers:read': { label: 'list consumers', USER: 'none', WORKER: 'none', AUDITOR: 'none', ADMIN: 'any' },
  'operations:read': {
    label: 'read the state of operations',
    USER: 'none',
    WORKER: 'none',
    AUDITOR: 'any',
    ADMIN: 'any',
  },
  'refusals:read': {
    label: 'read refused attempts',
    USER: 'none',
    WORKER: 'none',
    AUDITOR: 'any',
    ADMIN: 'any',
  },
  'states:read': { label: 'read the state machine', USER: 'any', WORKER: 'any', AUDITOR: 'any', ADMIN: 'any' },
  'viewer:read': { label: 'read their own identity', USER: 'any', WORKER: 'any', AUDITOR: 'any', ADMIN: 'any' },
} as const satisfies Record<string, Rule>

export type Operation = keyof typeof ACCESS

export const OPERATIONS = Object.keys(ACCESS) as Operation[]

const SCOPES_ASCENDING: readonly Scope[] = ['none', 'own', 'any']

/** The widest scope that any of the roles gives for the operation. */
export function scopeOf(roles: readonly Role[], operation: Operation): Scope {
  const ranks = roles.map((role) => SCOPES_ASCENDING.indexOf(ACCESS[operation][role]))
  return SCOPES_ASCENDING[Math.max(0, ...ranks)] ?? 'none'
}

/** The roles that allow the operation, on own or on all jobs. */
export function rolesFor(operation: Operation): Role[] {
  return ROLES.filter((role) => ACCESS[operation][role] !== 'none')
}

export function labelOf(operation: Operation): string {
  return ACCESS[operation].label
}
