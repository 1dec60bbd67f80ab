// All settings by section. ../config.ts combines them. docs/configuration.md and .env.example are
// generated from here: each description states what the setting does, its unit, and what an empty
// value means.
import { z } from 'zod'
import { MAX_PUBLISHED_NAME_CHARACTERS, maxMetadataBytes } from '../publishing/pubSub/pubSubLimits.ts'
import { CLIENT_VARIABLES } from './client.ts'
import { ACCESS_VARIABLES } from './variables/access.ts'
import { DATABASE_VARIABLES } from './variables/database.ts'
import { REQUEST_LIMIT_VARIABLES, VALUE_LIMIT_VARIABLES } from './variables/limits.ts'
import { SERVER_VARIABLES } from './variables/server.ts'
import { BULK_VARIABLES, EVENT_VARIABLES, SEAL_VARIABLES, SERVICE_VARIABLES } from './variables/services.ts'

/** A heading of the documentation, and the settings below it. */
export interface Section {
  readonly title: string
  readonly variables: Readonly<Record<string, z.ZodType>>
}

export const SECTIONS: readonly Section[] = [
  { title: 'Server', variables: SERVER_VARIABLES },
  { title: 'Access', variables: ACCESS_VARIABLES },
  { title: 'Database', variables: DATABASE_VARIABLES },
  { title: 'Sizes of values', variables: VALUE_LIMIT_VARIABLES },
  { title: 'Requests', variables: REQUEST_LIMIT_VARIABLES },
  { title: 'Maintenance, retries and the roll-up', variables: SERVICE_VARIABLES },
  { title: 'Bulk actions', variables: BULK_VARIABLES },
  { title: 'Seal', variables: SEAL_VARIABLES },
  { title: 'Events', variables: EVENT_VARIABLES },
  { title: 'Clients: run, worker, tail, jobs and demo', variables: CLIENT_VARIABLES.shape },
]

export const VARIABLES = z
  .object({
    ...SERVER_VARIABLES,
    ...ACCESS_VARIABLES,
    ...DATABASE_VARIABLES,
    ...VALUE_LIMIT_VARIABLES,
    ...REQUEST_LIMIT_VARIABLES,
    ...SERVICE_VARIABLES,
    ...BULK_VARIABLES,
    ...SEAL_VARIABLES,
    ...EVENT_VARIABLES,
    ...CLIENT_VARIABLES.shape,
  })
  .refine((env) => !(env.LIMIT_DEFAULT_PAGE_SIZE > env.LIMIT_PAGE_SIZE), {
    path: ['LIMIT_DEFAULT_PAGE_SIZE'],
    error: 'must not be more than LIMIT_PAGE_SIZE.',
    when: always,
  })
  .refine((env) => !(env.JOB_RETRY_MAX_MS < env.JOB_RETRY_BASE_MS), {
    path: ['JOB_RETRY_MAX_MS'],
    error: 'must not be less than JOB_RETRY_BASE_MS.',
    when: always,
  })
  .refine((env) => !(env.DATABASE_POOL_MAX < env.DATABASE_POOL_MIN), {
    path: ['DATABASE_POOL_MAX'],
    error: 'must not be less than DATABASE_POOL_MIN.',
    when: always,
  })
  .superRefine((env, check) => {
    if (env.PUBSUB_TOPIC === undefined) return
    const maxima = {
      LIMIT_METADATA_BYTES: maxMetadataBytes(env.LIMIT_REASON_BYTES),
      LIMIT_NAME_CHARACTERS: MAX_PUBLISHED_NAME_CHARACTERS,
    }
    for (const name of ['LIMIT_METADATA_BYTES', 'LIMIT_NAME_CHARACTERS'] as const) {
      if (env[name] <= maxima[name]) continue
      const message =
        `must be at most ${Math.max(0, maxima[name])} with PUBSUB_TOPIC (got ${env[name]}): a ` +
        'larger record does not fit into a message of Pub/Sub.'
      check.addIssue({ code: 'custom', path: [name], message })
    }
  })

export type Variables = z.output<typeof VARIABLES>

// Rules between variables are checked even if single variables are invalid, so that one run reports
// all faults.
function always(): boolean {
  return true
}
