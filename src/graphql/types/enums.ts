// The enums of the API that mirror enums of the database.
import { JobResultStatus, JobState } from '../../database/generated/enums.ts'
import { builder } from '../builder.ts'

export const JobStateEnum = builder.enumType(JobState, {
  name: 'JobState',
  description: 'The state of a job.',
  values: {
    PENDING: { description: 'Created or released, waiting for a worker.' },
    PROCESSING: { description: 'A worker is working on it.' },
    COMPLETED: { description: 'Finished successfully. Terminal.' },
    FAILED: { description: 'Finished with an error. Can be retried.' },
    CANCELLED: { description: 'Cancelled or deleted. Terminal.' },
  },
})

export const JobResultStatusEnum = builder.enumType(JobResultStatus, {
  name: 'JobResultStatus',
  description: 'How the work of a job ended.',
  values: {
    SUCCESS: { description: 'The work succeeded.' },
    ERROR: { description: 'The work failed.' },
    TIMEOUT: { description: 'The work took too long and was stopped.' },
  },
})
