// Every setting that the environment may hold: its form, its limits and its default. What they mean together is in ../config.ts.
import { z } from 'zod'
import { DEFAULT_RETRY_DELAY } from '../database/retryDelay.ts'
import { LARGEST_NAME_CHARACTERS, largestMetadataBytes } from '../followers/pubSubLimits.ts'
import { DEFAULT_DOCUMENT_LIMITS } from '../graphql/documentLimits.ts'
import { DEFAULT_LIMITS } from '../ledger/limits.ts'
import { AUTH_MODES } from './access.ts'
import { CLIENT_VARIABLES } from './client.ts'
import {
  databaseUrl,
  jwksUrl,
  numberWithin,
  oneOf,
  oneOfThem,
  publicKey,
  pubSubTopic,
  secret,
  wholeNumber,
} from './forms.ts'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

const MAX_INT = 2 ** 31 - 1
const DAY_MS = 86_400_000
const MEGABYTE = 1024 * 1024
/** PostgreSQL stores at most 256 MiB in a string of jsonb. */
const MAX_VALUE_BYTES = 128 * MEGABYTE
/** V8 holds at most 512 MiB in a string. */
const MAX_BODY_BYTES = 256 * MEGABYTE
/** An index row has at most 2704 bytes, and that of idempotency keys holds two names of up to four bytes a character. */
const MAX_NAME_CHARACTERS = 330

export const VARIABLES = z
  .object({
    NODE_ENV: oneOf(['development', 'production', 'test'], 'development'),
    HOST: z.string().default('127.0.0.1'),
    PORT: wholeNumber(4000, { min: 0, max: 65_535 }),
    AUTH: z.enum(AUTH_MODES, oneOfThem(AUTH_MODES)).optional(),
    AUTH_JWT_SECRET: secret().optional(),
    AUTH_JWT_PUBLIC_KEY: publicKey().optional(),
    AUTH_JWKS_URL: jwksUrl().optional(),
    AUTH_JWT_ISSUER: z.string().optional(),
    AUTH_JWT_AUDIENCE: z.string().optional(),
    AUTH_JWT_ROLES_CLAIM: z.string().default('roles'),
    DATABASE_URL: databaseUrl().optional(),
    DATA_DIR: z.string().optional(),
    MIGRATE_LOCK_TIMEOUT_MS: wholeNumber(5000, { min: 0, max: 999_999_999 }),
    DATABASE_POOL_KEPT: wholeNumber(10, { min: 0, max: 10_000 }),
    DATABASE_POOL_EXTRA: wholeNumber(20, { min: 0, max: 10_000 }),
    DATABASE_POOL_RECYCLE_SECONDS: wholeNumber(3600, { min: 1, max: MAX_INT }),
    DATABASE_CONNECT_TIMEOUT_MS: wholeNumber(5000, { min: 1, max: DAY_MS }),
    DATABASE_STATEMENT_TIMEOUT_MS: wholeNumber(30_000, { min: 1, max: DAY_MS }),
    DATABASE_PREPARED_STATEMENTS: oneOf(['true', 'false'], 'true'),
    LIMIT_CONTENT_BYTES: wholeNumber(DEFAULT_LIMITS.contentBytes, { min: 1, max: MAX_VALUE_BYTES }),
    LIMIT_METADATA_BYTES: wholeNumber(DEFAULT_LIMITS.metadataBytes, { min: 2, max: MAX_VALUE_BYTES }),
    LIMIT_OUTPUT_BYTES: wholeNumber(DEFAULT_LIMITS.outputBytes, { min: 1, max: MAX_VALUE_BYTES }),
    LIMIT_REASON_BYTES: wholeNumber(DEFAULT_LIMITS.reasonBytes, { min: 1, max: MEGABYTE }),
    LIMIT_ERROR_MESSAGE_BYTES: wholeNumber(DEFAULT_LIMITS.errorMessageBytes, { min: 1, max: MEGABYTE }),
    LIMIT_NAME_CHARACTERS: wholeNumber(DEFAULT_LIMITS.nameCharacters, { min: 1, max: MAX_NAME_CHARACTERS }),
    LIMIT_BATCH_ITEMS: wholeNumber(DEFAULT_LIMITS.batchItems, { min: 1, max: 10_000 }),
    LIMIT_PAGE_SIZE: wholeNumber(DEFAULT_LIMITS.pageSize, { min: 1, max: 10_000 }),
    LIMIT_DEFAULT_PAGE_SIZE: wholeNumber(DEFAULT_LIMITS.defaultPageSize, { min: 1, max: 10_000 }),
    LIMIT_DOCUMENT_BYTES: wholeNumber(DEFAULT_DOCUMENT_LIMITS.bytes, { min: 100, max: MAX_BODY_BYTES }),
    LIMIT_DOCUMENT_TOKENS: wholeNumber(DEFAULT_DOCUMENT_LIMITS.tokens, { min: 100, max: MAX_INT }),
    LIMIT_DOCUMENT_DEPTH: wholeNumber(DEFAULT_DOCUMENT_LIMITS.depth, { min: 1, max: 1000 }),
    LIMIT_DOCUMENT_ALIASES: wholeNumber(DEFAULT_DOCUMENT_LIMITS.aliases, { min: 0, max: MAX_INT }),
    LIMIT_DOCUMENT_DIRECTIVES: wholeNumber(DEFAULT_DOCUMENT_LIMITS.directives, { min: 0, max: MAX_INT }),
    LIMIT_DOCUMENT_COST: wholeNumber(DEFAULT_DOCUMENT_LIMITS.cost, { min: 1, max: MAX_INT }),
    LIMIT_REQUEST_STATEMENTS: wholeNumber(2, { min: 1, max: 10_000 }),
    LIMIT_CALLER_STATEMENTS: wholeNumber(8, { min: 1, max: 10_000 }),
    LIMIT_SUBSCRIPTIONS: wholeNumber(10_000, { min: 0, max: MAX_INT }),
    LIMIT_SUBSCRIPTIONS_PER_CALLER: numberWithin({ min: 0, max: MAX_INT }).optional(),
    TRUSTED_DOCUMENTS: z.string().optional(),
    RATE_LIMIT_PER_SECOND: numberWithin({ min: 0, max: MAX_INT }).optional(),
    RATE_LIMIT_BURST: numberWithin({ min: 1, max: MAX_INT }).optional(),
    LIMIT_MEMORY_BYTES: numberWithin({ min: MEGABYTE, max: 1024 * 1024 * MEGABYTE }).optional(),
    ANSWER_LIMIT_BYTES: wholeNumber(32 * MEGABYTE, { min: 1024, max: MAX_BODY_BYTES }),
    BODY_LIMIT_BYTES: wholeNumber(4 * MEGABYTE, { min: 1024, max: MAX_BODY_BYTES }),
    REQUEST_TIMEOUT_MS: wholeNumber(30_000, { min: 1, max: DAY_MS }),
    SLOW_QUERY_MS: wholeNumber(1000, { min: 0, max: DAY_MS }),
    EVENTS_POLL_MS: wholeNumber(50, { min: 1, max: 60_000 }),
    EVENTS_PING_MS: wholeNumber(12_000, { min: 100, max: 20_000 }),
    PUBSUB_TOPIC: pubSubTopic().optional(),
    EVENTS_FILE: z.string().optional(),
    PUBLISH_FROM: oneOf(['beginning', 'now'], 'beginning'),
    ROLLUP_INTERVAL_SECONDS: wholeNumber(1, { min: 0, max: 86_400 }),
    MAINTENANCE_INTERVAL_SECONDS: wholeNumber(5, { min: 0, max: 86_400 }),
    RETENTION_DAYS: numberWithin({ min: 1, max: 36_500 }).optional(),
    RETRY_BASE_MS: wholeNumber(DEFAULT_RETRY_DELAY.retryBaseMs, { min: 0, max: DAY_MS }),
    RETRY_MAX_MS: wholeNumber(DEFAULT_RETRY_DELAY.retryMaxMs, { min: 0, max: MAX_INT }),
    ...CLIENT_VARIABLES.shape,
    SHUTDOWN_TIMEOUT_MS: wholeNumber(10_000, { min: 0, max: DAY_MS }),
    LOG_LEVEL: oneOf(LOG_LEVELS, 'info'),
  })
  .refine((env) => !(env.LIMIT_DEFAULT_PAGE_SIZE > env.LIMIT_PAGE_SIZE), {
    path: ['LIMIT_DEFAULT_PAGE_SIZE'],
    error: 'must not be more than LIMIT_PAGE_SIZE.',
    when: always,
  })
  .refine((env) => !(env.RETRY_MAX_MS < env.RETRY_BASE_MS), {
    path: ['RETRY_MAX_MS'],
    error: 'must not be less than RETRY_BASE_MS.',
    when: always,
  })
  .refine((env) => env.DATABASE_POOL_KEPT + env.DATABASE_POOL_EXTRA !== 0, {
    path: ['DATABASE_POOL_KEPT'],
    error: 'must be at least 1 while DATABASE_POOL_EXTRA is 0.',
    when: always,
  })

  .superRefine((env, check) => {
    if (env.PUBSUB_TOPIC === undefined) return
    const most = {
      LIMIT_METADATA_BYTES: largestMetadataBytes(env.LIMIT_REASON_BYTES),
      LIMIT_NAME_CHARACTERS: LARGEST_NAME_CHARACTERS,
    }
    for (const name of ['LIMIT_METADATA_BYTES', 'LIMIT_NAME_CHARACTERS'] as const) {
      if (env[name] <= most[name]) continue
      const message = `must be at most ${Math.max(0, most[name])} with PUBSUB_TOPIC (got ${env[name]}): a larger record does not fit into a message of Pub/Sub.`
      check.addIssue({ code: 'custom', path: [name], message })
    }
  })

export type Variables = z.output<typeof VARIABLES>

// Rules between variables are checked even where a variable is wrong in itself: all faults are told at once.
function always(): boolean {
  return true
}
