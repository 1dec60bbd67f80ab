// The settings of what the server does besides answering requests: maintenance, retries, the
// roll-up, bulk actions, subscriptions and publishing.
import { z } from 'zod'
import { DEFAULT_RETRY_DELAY } from '../../database/retryDelay.ts'
import { DEFAULT_LIMITS, MAX_INT } from '../../ledger/limits.ts'
import { integer, numberWithin, oneOf, pubSubTopic } from '../forms.ts'
import { DAY_MS } from '../ranges.ts'

const DAY_SECONDS = 86_400

export const SERVICE_VARIABLES = {
  MAINTENANCE_INTERVAL_SECONDS: integer(5, { min: 0, max: DAY_SECONDS }).describe(
    'Interval of maintenance in seconds. One replica at a time rescues the jobs of lost ' +
      'workers and forces cancellations. 0: not in this ' +
      'server; run "jobledger maintain" instead.',
  ),
  RETENTION_DAYS: numberWithin({ min: 1, max: 36_500 })
    .optional()
    .describe('Maintenance soft-deletes finished jobs this many days after they were created. Empty: never.'),
  REFUSALS_DAYS: integer(30, { min: 1, max: 36_500 }).describe(
    'Maintenance removes refused attempts to change jobs after this many days.',
  ),
  JOB_RETRY_BASE_MS: integer(DEFAULT_RETRY_DELAY.retryBaseMs, { min: 0, max: DAY_MS }).describe(
    'Delay in milliseconds before a failed job is tried again. It doubles with each failure; ' +
      'up to half of it is taken off at random.',
  ),
  JOB_RETRY_MAX_MS: integer(DEFAULT_RETRY_DELAY.retryMaxMs, { min: 0, max: MAX_INT }).describe(
    'Maximum of that delay, in milliseconds.',
  ),
  ROLLUP_INTERVAL_SECONDS: integer(1, { min: 0, max: DAY_SECONDS }).describe(
    'Interval of the roll-up in seconds. One replica at a time updates the sums that counts ' +
      'and statistics are read from. 0: not in this ' +
      'server. Counts stay exact, but are slower if no server runs it.',
  ),
}

export const BULK_VARIABLES = {
  BULK_INTERVAL_SECONDS: integer(1, { min: 0, max: DAY_SECONDS }).describe(
    'Interval in seconds at which the server looks for bulk actions to run. One replica at a ' +
      'time runs them. 0: not in this server.',
  ),
  BULK_BATCH_JOBS: integer(100, { min: 1, max: 10_000 }).describe(
    'Maximum number of jobs in a batch of a bulk action. After each batch the server pauses for ' +
      'as long as the batch took.',
  ),
  LIMIT_BULK_JOBS: integer(DEFAULT_LIMITS.bulkJobs, { min: 1, max: 10_000_000 }).describe(
    'Maximum number of jobs that the filter of a bulk action may match.',
  ),
}

export const SEAL_VARIABLES = {
  SEAL_KEY_FILE: z
    .string()
    .optional()
    .describe(
      'File with the private key that signs checkpoints, written by "jobledger seal keygen". ' +
        'Empty: this server does not seal the ledger.',
    ),
  LEDGER_ORIGIN: z
    .string()
    .refine((text) => /^\S+$/.test(text), {
      error: ({ input }) => `must be a name without spaces, such as jobs.example.com/ledger (got "${input}").`,
    })
    .optional()
    .describe('Name of the ledger in checkpoints. Empty: the name of the key.'),
  SEAL_INTERVAL_SECONDS: integer(10, { min: 1, max: DAY_SECONDS }).describe(
    'Minimum interval between two checkpoints in seconds. One replica at a time signs them.',
  ),
  CHECKPOINT_FILE: z
    .string()
    .optional()
    .describe(
      'Regular file to append every checkpoint to. Keep it outside of the database server: a ' +
        'database that contradicts its last checkpoint is not sealed.',
    ),
}

export const EVENT_VARIABLES = {
  EVENTS_POLL_MS: integer(50, { min: 1, max: 60_000 }).describe(
    'Interval in milliseconds at which the server reads new records for its subscriptions. ' +
      'An event waits half of it on average.',
  ),
  EVENTS_PING_MS: integer(12_000, { min: 100, max: 20_000 }).describe(
    'Interval of keep-alive messages on an idle stream, in milliseconds. Clients take 30 s ' +
      'of silence for a dead connection.',
  ),
  LIMIT_SUBSCRIPTIONS: integer(10_000, { min: 0, max: MAX_INT }).describe(
    'Maximum number of subscriptions of the server. More are refused with 429.',
  ),
  LIMIT_SUBSCRIPTIONS_PER_CALLER: numberWithin({ min: 0, max: MAX_INT })
    .optional()
    .describe(
      'Maximum number of subscriptions of one caller. Empty: a tenth of LIMIT_SUBSCRIPTIONS; ' +
        'in an open server, all.',
    ),
  PUBSUB_TOPIC: pubSubTopic()
    .optional()
    .describe(
      'Full name of the Google Cloud Pub/Sub topic to publish records to, such as ' +
        'projects/my-project/topics/jobs. The command ' +
        '"jobledger pubsub setup" creates it. Google\'s libraries find the credentials.',
    ),
  EVENTS_FILE: z.string().optional().describe('Regular file to append records to, one JSON object per line.'),
  PUBLISH_START: oneOf(['beginning', 'now'], 'beginning').describe(
    'Where a new topic or file starts: at the first record of the ledger, or now.',
  ),
}
