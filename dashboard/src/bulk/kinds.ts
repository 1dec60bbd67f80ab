// What a bulk action can do with each job, and what the viewer may do.
import { type Operation, type Scope, scopeOf } from '../../../src/access/roles.ts'
import type { BulkActionKind } from '../api/documents.generated.ts'
import type { Viewer } from '../shell/viewer.ts'

interface Kind {
  readonly label: string
  /** What happens, for the person who chooses it. */
  readonly consequence: string
  /** What has happened to the jobs. */
  readonly past: string
  readonly operation: Operation
}

export const KINDS: Readonly<Record<BulkActionKind, Kind>> = {
  RETRY: {
    label: 'Retry',
    consequence: 'Failed jobs become pending again, and workers can claim them at once.',
    past: 'retried',
    operation: 'jobs:retry',
  },
  CANCEL: {
    label: 'Cancel',
    consequence: 'Pending jobs become cancelled. The workers of running jobs are asked to stop.',
    past: 'cancelled',
    operation: 'jobs:cancel',
  },
  DELETE: {
    label: 'Delete',
    consequence: 'The jobs leave all lists. Their histories and results are kept.',
    past: 'deleted',
    operation: 'jobs:delete',
  },
}

const IN_ORDER = ['RETRY', 'CANCEL', 'DELETE'] as const satisfies BulkActionKind[]

/** What the roles of the viewer allow. */
export function kindsFor(viewer: Viewer | undefined): readonly BulkActionKind[] {
  if (viewer === undefined || bulkScope(viewer) === 'none') return []
  return IN_ORDER.filter((kind) => scopeOf(viewer.roles, KINDS[kind].operation) !== 'none')
}

/** Whose jobs the bulk actions of the viewer may change. */
export function bulkScope({ roles }: Viewer): Scope {
  return scopeOf(roles, 'bulk:run')
}

const COUNT = new Intl.NumberFormat('en')

/** Such as "1,204". */
export const countShown = (count: number): string => COUNT.format(count)

/** Such as "1 job" or "1,204 jobs". */
export function jobsText(count: number): string {
  return `${countShown(count)} ${count === 1 ? 'job' : 'jobs'}`
}

/** Whether a person typed this count: its digits, with or without separators as they are shown. */
export function isCount(typed: string, count: number): boolean {
  return [String(count), countShown(count)].includes(typed.trim())
}

/** Such as "3 jobs" for all of them, or "2 of 3 jobs". */
export function someOfText(count: number, total: number): string {
  return count === total ? jobsText(total) : `${countShown(count)} of ${jobsText(total)}`
}
