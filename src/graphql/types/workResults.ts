// The results of the mutations for workers.
import { encodeGlobalID } from '@pothos/plugin-relay'
import type { Job as JobRow } from '../../database/generated/client.ts'
import { InvalidInputError } from '../../ledger/errors.ts'
import type { ExtendedLeases } from '../../ledger/extendLeases.ts'
import type { RescuedJobs } from '../../ledger/rescueStuckJobs.ts'
import { builder } from '../builder.ts'
import { isUuid } from '../globalIds.ts'
import { Job } from './job.ts'
import './refusals.ts'

const ClaimJobsSuccess = builder.objectRef<{ jobs: JobRow[] }>('ClaimJobsSuccess').implement({
  description: 'The worker holds these jobs.',
  fields: (t) => ({
    jobs: t.expose('jobs', {
      type: [Job],
      description: 'The jobs, most urgent first; empty if no job is due.',
    }),
  }),
})

export const ClaimJobsResult = builder.errorUnion('ClaimJobsResult', {
  description: 'The outcome of a claim.',
  types: [ClaimJobsSuccess, InvalidInputError],
  resolveType: () => ClaimJobsSuccess,
})

const ExtendLeasesSuccess = builder.objectRef<ExtendedLeases>('ExtendLeasesSuccess').implement({
  description: 'The jobs that the worker still holds, and those that it has lost.',
  fields: (t) => ({
    extended: t.expose('extended', {
      type: [Job],
      description: 'The jobs that the worker still holds. It must stop those with `cancelRequestedAt`.',
    }),
    lost: t.idList({
      description:
        'The jobs that the worker no longer holds; it should stop working on them. Invalid ' +
        'ids are returned unchanged.',
      resolve: ({ lost }) => lost.map((jobId) => (isUuid(jobId) ? encodeGlobalID('Job', jobId) : jobId)),
    }),
  }),
})

export const ExtendLeasesResult = builder.errorUnion('ExtendLeasesResult', {
  description: 'The outcome of extending leases.',
  types: [ExtendLeasesSuccess, InvalidInputError],
  resolveType: () => ExtendLeasesSuccess,
})

const RescueStuckJobsSuccess = builder.objectRef<RescuedJobs>('RescueStuckJobsSuccess').implement({
  description: 'The number of rescued jobs, by their new state.',
  fields: (t) => ({
    released: t.exposeInt('released', { description: 'Moved to PENDING, for another attempt.' }),
    failed: t.exposeInt('failed', {
      description: 'Moved to FAILED with the result TIMEOUT, because their attempts are used up.',
    }),
    cancelled: t.exposeInt('cancelled', { description: 'Moved to CANCELLED, because that was requested.' }),
  }),
})

export const RescueStuckJobsResult = builder.errorUnion('RescueStuckJobsResult', {
  description: 'The outcome of rescuing stuck jobs.',
  types: [RescueStuckJobsSuccess, InvalidInputError],
  resolveType: () => RescueStuckJobsSuccess,
})
