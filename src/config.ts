// The settings of a process, read from the environment once. The only reader of process.env: everything else is
// handed what it needs. Must not log, exit or connect.
import { resolve } from 'node:path'
import { z } from 'zod'
import type { DatabaseSettings } from './database/client.ts'
import { defaultDataDir } from './database/embedded/dataPlace.ts'
import { DEFAULT_LIMITS, type Limits } from './ledger/limits.ts'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

export interface Config {
  readonly environment: 'development' | 'production' | 'test'
  readonly host: string
  readonly port: number
  /** Undefined: the embedded PostgreSQL is used. */
  readonly databaseUrl: string | undefined
  /** Absolute; where the embedded PostgreSQL keeps its data. */
  readonly dataDir: string
  readonly database: Omit<DatabaseSettings, 'url' | 'onPoolError'>
  readonly limits: Limits
  readonly bodyLimitBytes: number
  readonly shutdownTimeoutMs: number
  readonly logLevel: (typeof LOG_LEVELS)[number]
}

/** The environment holds values that cannot be used. The message names each of them, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

type Environment = Readonly<Record<string, string | undefined>>

const MAX_INT = 2 ** 31 - 1
const DAY_MS = 86_400_000
const MEGABYTE = 1024 * 1024
const GIGABYTE = 1024 * MEGABYTE

const VARIABLES = z
  .object({
    NODE_ENV: oneOf(['development', 'production', 'test'], 'development'),
    HOST: z.string().default('127.0.0.1'),
    PORT: wholeNumber(4000, { min: 0, max: 65_535 }),
    DATABASE_URL: databaseUrl().optional(),
    DATA_DIR: z.string().optional(),
    DATABASE_POOL_KEPT: wholeNumber(10, { min: 0, max: 10_000 }),
    DATABASE_POOL_EXTRA: wholeNumber(20, { min: 0, max: 10_000 }),
    DATABASE_POOL_RECYCLE_SECONDS: wholeNumber(3600, { min: 1, max: MAX_INT }),
    DATABASE_CONNECT_TIMEOUT_MS: wholeNumber(5000, { min: 1, max: DAY_MS }),
    DATABASE_STATEMENT_TIMEOUT_MS: wholeNumber(30_000, { min: 1, max: DAY_MS }),
    DATABASE_PREPARED_STATEMENTS: oneOf(['true', 'false'], 'true'),
    LIMIT_CONTENT_BYTES: wholeNumber(DEFAULT_LIMITS.contentBytes, { min: 1, max: GIGABYTE }),
    LIMIT_METADATA_BYTES: wholeNumber(DEFAULT_LIMITS.metadataBytes, { min: 2, max: GIGABYTE }),
    LIMIT_OUTPUT_BYTES: wholeNumber(DEFAULT_LIMITS.outputBytes, { min: 1, max: GIGABYTE }),
    LIMIT_REASON_BYTES: wholeNumber(DEFAULT_LIMITS.reasonBytes, { min: 1, max: MEGABYTE }),
    LIMIT_ERROR_MESSAGE_BYTES: wholeNumber(DEFAULT_LIMITS.errorMessageBytes, { min: 1, max: MEGABYTE }),
    LIMIT_NAME_CHARACTERS: wholeNumber(DEFAULT_LIMITS.nameCharacters, { min: 1, max: 600 }),
    LIMIT_BATCH_ITEMS: wholeNumber(DEFAULT_LIMITS.batchItems, { min: 1, max: 10_000 }),
    LIMIT_PAGE_SIZE: wholeNumber(DEFAULT_LIMITS.pageSize, { min: 1, max: 10_000 }),
    LIMIT_DEFAULT_PAGE_SIZE: wholeNumber(DEFAULT_LIMITS.defaultPageSize, { min: 1, max: 10_000 }),
    BODY_LIMIT_BYTES: wholeNumber(16 * MEGABYTE, { min: 1024, max: GIGABYTE }),
    SHUTDOWN_TIMEOUT_MS: wholeNumber(10_000, { min: 0, max: DAY_MS }),
    LOG_LEVEL: oneOf(LOG_LEVELS, 'info'),
  })
  .refine((env) => !(env.LIMIT_DEFAULT_PAGE_SIZE > env.LIMIT_PAGE_SIZE), {
    path: ['LIMIT_DEFAULT_PAGE_SIZE'],
    error: 'must not be more than LIMIT_PAGE_SIZE.',
    when: always,
  })
  .refine((env) => env.DATABASE_POOL_KEPT + env.DATABASE_POOL_EXTRA !== 0, {
    path: ['DATABASE_POOL_KEPT'],
    error: 'must be at least 1 while DATABASE_POOL_EXTRA is 0.',
    when: always,
  })

/** Every variable that is read; .env.example explains them. */
export const VARIABLE_NAMES: readonly string[] = Object.keys(VARIABLES.shape)

/**
 * Reads the environment of the process, and before it the file `.env` of the current directory, if there is one; the
 * environment wins.
 * @throws ConfigError
 */
export function readConfig(): Config {
  try {
    process.loadEnvFile('.env')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT') throw new ConfigError(`The file .env cannot be read: ${message}.`, { cause: error })
  }
  return parseConfig(process.env)
}

/**
 * A variable that is empty counts as not set.
 * @throws ConfigError that names all faults at once
 */
export function parseConfig(environment: Environment): Config {
  const given = VARIABLE_NAMES.flatMap((name) => (environment[name] ? [[name, environment[name]]] : []))
  const { data: env, error } = VARIABLES.safeParse(Object.fromEntries(given))
  if (env === undefined) {
    throw new ConfigError(error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('\n'))
  }
  return {
    environment: env.NODE_ENV,
    host: env.HOST,
    port: env.PORT,
    databaseUrl: env.DATABASE_URL,
    dataDir: env.DATA_DIR === undefined ? defaultDataDir() : resolve(env.DATA_DIR),
    database: {
      poolKept: env.DATABASE_POOL_KEPT,
      poolExtra: env.DATABASE_POOL_EXTRA,
      recycleSeconds: env.DATABASE_POOL_RECYCLE_SECONDS,
      connectTimeoutMs: env.DATABASE_CONNECT_TIMEOUT_MS,
      statementTimeoutMs: env.DATABASE_STATEMENT_TIMEOUT_MS,
      preparedStatements: env.DATABASE_PREPARED_STATEMENTS === 'true',
    },
    limits: {
      contentBytes: env.LIMIT_CONTENT_BYTES,
      metadataBytes: env.LIMIT_METADATA_BYTES,
      outputBytes: env.LIMIT_OUTPUT_BYTES,
      reasonBytes: env.LIMIT_REASON_BYTES,
      errorMessageBytes: env.LIMIT_ERROR_MESSAGE_BYTES,
      nameCharacters: env.LIMIT_NAME_CHARACTERS,
      batchItems: env.LIMIT_BATCH_ITEMS,
      pageSize: env.LIMIT_PAGE_SIZE,
      defaultPageSize: env.LIMIT_DEFAULT_PAGE_SIZE,
    },
    bodyLimitBytes: env.BODY_LIMIT_BYTES,
    shutdownTimeoutMs: env.SHUTDOWN_TIMEOUT_MS,
    logLevel: env.LOG_LEVEL,
  }
}

/** The environment of this process with some variables replaced, for a process that it starts. */
export function childEnvironment(replaced: Environment): NodeJS.ProcessEnv {
  return { ...process.env, ...replaced }
}

// Rules between variables are checked even where a variable is wrong in itself: all faults are told at once.
function always(): boolean {
  return true
}

function wholeNumber(fallback: number, { min, max }: { min: number; max: number }) {
  return z
    .string()
    .refine((text) => /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: ({ input }) => `must be a whole number from ${min} to ${max}, not "${input}".`,
    })
    .transform(Number)
    .default(fallback)
}

function oneOf<const Word extends string>(words: readonly Word[], fallback: NoInfer<Word>) {
  return z
    .enum(words, { error: ({ input }) => `must be one of ${words.join(', ')}, not "${input}".` })
    .prefault(fallback)
}

// What came is told only by its beginning: the rest may hold a password.
function databaseUrl() {
  return z.string().superRefine((text, check) => {
    const scheme = /^[a-z][a-z0-9+.-]{0,20}:\/\//i.exec(text)?.[0]
    const readable = isReadableUrl(text)
    if (readable && (scheme === 'postgres://' || scheme === 'postgresql://')) return
    const came = readable && scheme ? `it begins with ${scheme}` : 'what came is not a URL'
    check.addIssue({
      code: 'custom',
      message: `must be a URL that begins with postgres:// or postgresql://, but ${came} (a special character in a user name or password is written as %XX).`,
    })
  })
}

function isReadableUrl(text: string): boolean {
  try {
    return decodeURIComponent(new URL(text).href) !== ''
  } catch {
    return false
  }
}
