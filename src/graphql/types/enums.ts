// The enums of the API that mirror those of the ledger.
import { JobResultStatus, JobState } from '../../database/generated/enums.ts'
import { builder } from '../builder.ts'

export const JobStateEnum = builder.enumType(JobState, {
  name: 'JobState',
  description: 'The state of a job.',
  values: {
    PENDING: { description: 'Recorded, not yet started.' },
    PROCESSING: { description: 'Started; somebody is working on it.' },
    COMPLETED: { description: 'Finished with success. Terminal.' },
    FAILED: { description: 'Finished with an error; may be retried.' },
    CANCELLED: { description: 'Given up on purpose. Terminal.' },
  },
})

export const JobResultStatusEnum = builder.enumType(JobResultStatus, {
  name: 'JobResultStatus',
  description: 'How the work of a job ended.',
  values: {
    SUCCESS: { description: 'The work was done.' },
    ERROR: { description: 'The work failed.' },
    TIMEOUT: { description: 'The work took too long and was stopped.' },
  },
})
