// The actions that a caller may take on a job, by the roles of the caller and the state of the job.
// Each expects the version that the page shows.
import { type Operation, scopeOf } from '../../../src/access/roles.ts'
import {
  CancelPendingJobDocument,
  DeleteJobDocument,
  ReleaseJobDocument,
  RequestCancellationDocument,
  RetryJobDocument,
} from '../api/documents.generated.ts'
import { request } from '../api/request.ts'
import type { Viewer } from '../shell/viewer.ts'
import { withStateWords } from '../view/stateNames.ts'
import type { Job } from './job.ts'

export interface Action {
  readonly name: 'retry' | 'cancel' | 'release' | 'delete'
  readonly label: string
  /** What happens, for the person who confirms it. */
  readonly consequence: string
  readonly isDangerous?: boolean
  /** Resolves to the message of a refusal; undefined if it is done. @throws ApiError */
  run(job: Job, reason: string): Promise<string | undefined>
}

interface Offer extends Action {
  readonly operation: Operation
  isPossible(job: Job): boolean
}

interface Outcome {
  readonly outcome: { readonly message?: string } | null
}

const refusalOf = ({ outcome }: Outcome): string | undefined => outcome?.message && withStateWords(outcome.message)

const OFFERS: readonly Offer[] = [
  {
    name: 'retry',
    label: 'Retry',
    consequence: 'The job becomes pending again, and a worker can claim it at once.',
    operation: 'jobs:retry',
    isPossible: ({ state }) => state === 'FAILED',
    run: async ({ jobId, version }, reason) =>
      refusalOf(await request(RetryJobDocument, { input: { jobId, reason, expectedVersion: version } })),
  },
  {
    name: 'release',
    label: 'Release',
    consequence: 'Its worker loses the job. It becomes pending again, without using up an attempt.',
    operation: 'jobs:work',
    isPossible: ({ state }) => state === 'PROCESSING',
    run: async ({ jobId, version }, reason) =>
      refusalOf(await request(ReleaseJobDocument, { input: { jobId, reason, expectedVersion: version } })),
  },
  {
    name: 'cancel',
    label: 'Cancel',
    consequence: 'The job becomes cancelled, and no worker can claim it any more.',
    operation: 'jobs:cancel',
    isPossible: ({ state }) => state === 'PENDING',
    run: async ({ jobId, version }, reason) => {
      const input = { jobId, reason, to: 'CANCELLED', expectedVersion: version } as const
      return refusalOf(await request(CancelPendingJobDocument, { input }))
    },
  },
  {
    name: 'cancel',
    label: 'Request cancellation',
    consequence:
      'Its worker is asked to stop. The job becomes cancelled when the worker has stopped, or its lease ends.',
    operation: 'jobs:cancel',
    isPossible: ({ state, cancelRequestedAt }) => state === 'PROCESSING' && cancelRequestedAt === null,
    run: async ({ jobId }, reason) =>
      refusalOf(await request(RequestCancellationDocument, { input: { jobId, reason } })),
  },
  {
    name: 'delete',
    label: 'Delete',
    consequence: 'The job leaves all lists. Its history and result are kept.',
    isDangerous: true,
    operation: 'jobs:delete',
    isPossible: () => true,
    run: async ({ jobId }, reason) => refusalOf(await request(DeleteJobDocument, { input: { jobId, reason } })),
  },
]

/** The actions that the server would not refuse at the moment. */
export function actionsFor(viewer: Viewer | undefined, job: Job): readonly Action[] {
  if (viewer === undefined || job.deletedAt !== null) return []
  return OFFERS.filter(({ operation, isPossible }) => isPossible(job) && isAllowed(viewer, operation, job))
}

function isAllowed({ roles, userId }: Viewer, operation: Operation, job: Job): boolean {
  const scope = scopeOf(roles, operation)
  return scope === 'any' || (scope === 'own' && userId === job.userId)
}
