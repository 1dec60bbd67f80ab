// Reads the settings of a process from the environment, once. No other file reads process.env;
// other code gets its settings as arguments. Must not log, exit or connect.
import { resolve } from 'node:path'
import type { AccessSettings } from './access/authenticate.ts'
import { accessFaults, accessSettings, unprotectedFaults } from './config/access.ts'
import {
  CLIENT_VARIABLES,
  type ClientConfig,
  clientSettings,
  credentialFaults,
  endpointFault,
  tokenFileFault,
  withoutForeignCredential,
} from './config/client.ts'
import { type Environment, foreignPasswordFault, readEnvFile } from './config/envFile.ts'
import { documentLimits, type EventSettings, eventSettings, ledgerLimits, rateLimits } from './config/limits.ts'
import { nearestSetting } from './config/nearestSetting.ts'
import { readSealKey, sealSettings } from './config/seal.ts'
import { readTrustedDocuments } from './config/trustedDocuments.ts'
import type { LOG_LEVELS } from './config/variables/server.ts'
import { VARIABLES, type Variables } from './config/variables.ts'
import type { DatabaseSettings } from './database/client.ts'
import { defaultDataDir } from './database/embedded/dataPaths.ts'
import type { DocumentLimits } from './graphql/limits/documentLimits.ts'
import type { RateLimits } from './http/guards/rateLimit.ts'
import type { Limits } from './ledger/limits.ts'
import type { PublishSettings } from './publishing/publishers.ts'
import type { SealerSettings } from './seal/sealer.ts'

export interface Config {
  readonly environment: 'development' | 'production' | 'test'
  readonly host: string
  readonly port: number
  readonly access: AccessSettings
  /** Undefined: the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined
  /** The data folder of the embedded PostgreSQL, as an absolute path. */
  readonly dataDir: string
  /** Maximum time that a migration waits for a lock; 0: no limit. */
  readonly migrateLockTimeoutMs: number
  readonly database: Omit<DatabaseSettings, 'url' | 'onPoolError'>
  readonly limits: Limits
  readonly documentLimits: DocumentLimits
  /** The only documents that clients may run, by id; undefined: any document. */
  readonly trustedDocuments: ReadonlyMap<string, string> | undefined
  /** Whether the dashboard is served. */
  readonly hasDashboard: boolean
  /** Encrypts sessions of the dashboard; undefined: see src/app.ts. */
  readonly sessionSecret: string | undefined
  /** Undefined: no limit. */
  readonly rateLimits: RateLimits | undefined
  readonly bodyLimitBytes: number
  /** Maximum size of a response. Mutations are checked before they commit. */
  readonly responseLimitBytes: number
  /** Maximum memory of all requests together; undefined: a quarter of the heap of Node. */
  readonly memoryLimitBytes: number | undefined
  /** Maximum time to receive a request, and again to answer it. */
  readonly requestTimeoutMs: number
  /** Requests and statements that take at least this long are logged; 0: none. */
  readonly slowThresholdMs: number
  readonly maintenance: {
    /** Interval of maintenance; 0: not in this process. */
    readonly intervalSeconds: number
    /** Age since creation at which finished jobs are deleted; undefined: never. */
    readonly retentionDays: number | undefined
    /** Age at which refused attempts are removed. */
    readonly refusalsDays: number
  }
  /** Interval of the roll-up; 0: not in this process. */
  readonly rollUpIntervalSeconds: number
  readonly bulk: {
    /** Interval at which bulk actions are looked for; 0: not in this process. */
    readonly intervalSeconds: number
    /** Maximum number of jobs of a batch. */
    readonly batchJobs: number
  }
  /** How the ledger is sealed; undefined: not by this process. */
  readonly seal: SealerSettings | undefined
  readonly events: EventSettings
  /** The destinations of published records. */
  readonly publish: PublishSettings
  readonly shutdownTimeoutMs: number
  readonly logLevel: (typeof LOG_LEVELS)[number]
}

/** Settings are invalid. The message has a line for each error. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** A process that serves must have access control. */
type Purpose = 'serve' | 'work'

/** Every variable that is read; docs/configuration.md explains them. */
export const VARIABLE_NAMES: readonly string[] = Object.keys(VARIABLES.shape)

/**
 * Reads the settings from the environment and from the file `.env` of the current folder, if it
 * exists. The environment wins.
 * @throws ConfigError
 */
export function readConfig(purpose: Purpose = 'work'): Config {
  const file = readEnvFile(VARIABLE_NAMES, { strict: true })
  const password = foreignPasswordFault(file.values, process.env)
  refuse([...file.faults, ...misspeltFaults(process.env), ...(password === undefined ? [] : [password])])
  return parseConfig({ ...file.values, ...process.env }, purpose)
}

/**
 * Reads only the settings of client commands. `url` is the value of the option --url.
 * `requireToken`: whether the token file must exist now; later it is retried.
 * @throws ConfigError
 */
export function readClientConfig(url?: string, { requireToken = true } = {}): ClientConfig {
  const fault = url === undefined ? undefined : endpointFault(url)
  if (fault !== undefined) throw new ConfigError(`--url ${fault}`)
  const file = readEnvFile(Object.keys(CLIENT_VARIABLES.shape))
  refuse([...file.faults, ...credentialFaults(file.values, process.env, url)])
  const fromFile = withoutForeignCredential(file.values, process.env)
  const given = Object.entries({ ...fromFile, ...process.env, ...(url && { JOBLEDGER_URL: url }) })
  const { data: env, error } = CLIENT_VARIABLES.safeParse(Object.fromEntries(given.filter(([, value]) => value)))
  if (env === undefined) throw new ConfigError(faultsOf(error).join('\n'))
  const missing = requireToken ? tokenFileFault(env.JOBLEDGER_TOKEN_FILE) : undefined
  refuse(missing === undefined ? [] : [missing])
  return clientSettings(env, process.env.XDG_STATE_HOME)
}

/** Shorter names often belong to other programs. */
const MIN_MISSPELT_CHARACTERS = 8

/** Variables of the environment that look like a setting that is not set. */
function misspeltFaults(environment: Environment): string[] {
  const unset = VARIABLE_NAMES.filter((name) => !environment[name])
  const names = Object.keys(environment).filter((name) => name.length >= MIN_MISSPELT_CHARACTERS)
  return names.flatMap((name) => {
    const nearest = VARIABLE_NAMES.includes(name) ? undefined : nearestSetting(name, unset)
    return nearest === undefined ? [] : [`${name} is not a setting of Jobledger. Did you mean ${nearest}?`]
  })
}

/** @throws ConfigError if there are faults */
function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new ConfigError(faults.join('\n'))
}

function faultsOf(
  error: { readonly issues: readonly { path: PropertyKey[]; message: string }[] } | undefined,
): string[] {
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`)
}

/**
 * An empty variable counts as not set.
 * @throws ConfigError with all faults
 */
export function parseConfig(environment: Environment, purpose: Purpose = 'serve'): Config {
  const given = VARIABLE_NAMES.flatMap((name) => (environment[name] ? [[name, environment[name]]] : []))
  const { data: env, error } = VARIABLES.safeParse(Object.fromEntries(given))
  const faults = faultsOf(error)
  faults.push(...accessFaults(environment), ...(purpose === 'serve' ? unprotectedFaults(environment) : []))
  const trusted = readTrustedDocuments(purpose === 'serve' ? environment.TRUSTED_DOCUMENTS : undefined)
  const sealKey = readSealKey(purpose === 'serve' ? environment.SEAL_KEY_FILE : undefined)
  faults.push(...trusted.faults, ...sealKey.faults)
  if (env === undefined || faults.length > 0) throw new ConfigError(faults.join('\n'))
  return {
    environment: env.NODE_ENV,
    host: env.HOST,
    port: env.PORT,
    access: accessSettings(env),
    databaseUrl: env.DATABASE_URL,
    dataDir: env.DATA_DIR === undefined ? defaultDataDir() : resolve(env.DATA_DIR),
    migrateLockTimeoutMs: env.MIGRATE_LOCK_TIMEOUT_MS,
    database: databaseSettings(env),
    limits: ledgerLimits(env),
    documentLimits: documentLimits(env),
    trustedDocuments: trusted.documents,
    hasDashboard: env.DASHBOARD === 'on',
    sessionSecret: env.DASHBOARD_SESSION_SECRET,
    rateLimits: rateLimits(env),
    bodyLimitBytes: env.LIMIT_BODY_BYTES,
    memoryLimitBytes: env.LIMIT_MEMORY_BYTES,
    responseLimitBytes: env.LIMIT_RESPONSE_BYTES,
    requestTimeoutMs: env.REQUEST_TIMEOUT_MS,
    slowThresholdMs: env.SLOW_THRESHOLD_MS,
    maintenance: {
      intervalSeconds: env.MAINTENANCE_INTERVAL_SECONDS,
      retentionDays: env.RETENTION_DAYS,
      refusalsDays: env.REFUSALS_DAYS,
    },
    rollUpIntervalSeconds: env.ROLLUP_INTERVAL_SECONDS,
    bulk: { intervalSeconds: env.BULK_INTERVAL_SECONDS, batchJobs: env.BULK_BATCH_JOBS },
    seal: sealSettings(env, sealKey.signer),
    events: eventSettings(env),
    publish: {
      pubSubTopic: env.PUBSUB_TOPIC,
      file: env.EVENTS_FILE === undefined ? undefined : resolve(env.EVENTS_FILE),
      startFrom: env.PUBLISH_START,
    },
    shutdownTimeoutMs: env.SHUTDOWN_TIMEOUT_MS,
    logLevel: env.LOG_LEVEL,
  }
}

function databaseSettings(env: Variables): Config['database'] {
  return {
    poolMin: env.DATABASE_POOL_MIN,
    poolMax: env.DATABASE_POOL_MAX,
    statementsPerRequest: env.LIMIT_REQUEST_STATEMENTS,
    statementsPerCaller: env.LIMIT_CALLER_STATEMENTS,
    maxLifetimeSeconds: env.DATABASE_POOL_MAX_LIFETIME_SECONDS,
    connectTimeoutMs: env.DATABASE_CONNECT_TIMEOUT_MS,
    statementTimeoutMs: env.DATABASE_STATEMENT_TIMEOUT_MS,
    preparedStatements: env.DATABASE_PREPARED_STATEMENTS === 'true',
    retryBaseMs: env.JOB_RETRY_BASE_MS,
    retryMaxMs: env.JOB_RETRY_MAX_MS,
  }
}
