// What the mutations of workers answer.
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
      description: 'The jobs, the most urgent first; none if there are none that are due.',
    }),
  }),
})

export const ClaimJobsResult = builder.errorUnion('ClaimJobsResult', {
  description: 'What became of a request for jobs.',
  types: [ClaimJobsSuccess, InvalidInputError],
  resolveType: () => ClaimJobsSuccess,
})

const ExtendLeasesSuccess = builder.objectRef<ExtendedLeases>('ExtendLeasesSuccess').implement({
  description: 'Which jobs the worker still holds.',
  fields: (t) => ({
    extended: t.expose('extended', {
      type: [Job],
      description: 'The jobs that it still holds; one with `cancelRequestedAt` is to be stopped.',
    }),
    lost: t.idList({
      description:
        'The jobs that it does not hold any more: to go on with them is of no use. What is no id of a job is here as it was given.',
      resolve: ({ lost }) => lost.map((jobId) => (isUuid(jobId) ? encodeGlobalID('Job', jobId) : jobId)),
    }),
  }),
})

export const ExtendLeasesResult = builder.errorUnion('ExtendLeasesResult', {
  description: 'What became of a request to extend leases.',
  types: [ExtendLeasesSuccess, InvalidInputError],
  resolveType: () => ExtendLeasesSuccess,
})

const RescueStuckJobsSuccess = builder.objectRef<RescuedJobs>('RescueStuckJobsSuccess').implement({
  description: 'How many jobs were taken away from workers that are gone.',
  fields: (t) => ({
    released: t.exposeInt('released', { description: 'Back to PENDING, for another attempt.' }),
    failed: t.exposeInt('failed', {
      description: 'FAILED with a result TIMEOUT, because their attempts are used up.',
    }),
    cancelled: t.exposeInt('cancelled', { description: 'CANCELLED, as they were asked to be.' }),
  }),
})

export const RescueStuckJobsResult = builder.errorUnion('RescueStuckJobsResult', {
  description: 'What became of a request to rescue stuck jobs.',
  types: [RescueStuckJobsSuccess, InvalidInputError],
  resolveType: () => RescueStuckJobsSuccess,
})
