// Liveness and readiness. The reason of a failed check has no names, addresses or secrets, because
// anyone may request it.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { checkingSchema } from '../database/cancellation.ts'
import type { Database } from '../database/client.ts'
import { type MigrationState, migrationState } from '../database/migrations.ts'
import { missingRights } from '../database/missingRights.ts'
import { DatabaseUnavailableError } from '../database/retryableErrors.ts'
import { schemaDrift } from '../database/schemaDrift.ts'
import { READ_ONLY } from '../database/sessionCheck.ts'
import type { TimelineCheck } from '../database/transactionOrder.ts'

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string }

export type ReadinessProbe = () => Promise<Readiness>

export interface DatabaseReadiness {
  readonly probe: ReadinessProbe
  /**
   * Checks again, because `error` shows that the cached result may be outdated. The result is also
   * not ready if the database was not ready at some time since `startedAt` (`performance.now`).
   */
  refresh(error: unknown, startedAt: number): Promise<Readiness>
}

/** A result is cached for this long, so that frequent requests cause one check. */
const CACHE_TTL_MS = 1000
const TIMEOUT_MS = 2000
/** Minimum time between two checks, however many statements fail. */
const MIN_INTERVAL_MS = 100

/**
 * Checks that the database responds in time, its sessions have our settings, its schema is
 * compatible with this version and has not drifted from the migrations, its role has the rights
 * that it needs, and its timeline is current. Never rejects. Logs each change once.
 */
export function databaseReadiness(database: Database, timeline: TimelineCheck, log: Logger): DatabaseReadiness {
  let last: string | undefined
  let evidence: unknown
  let lastEpoch: string | undefined
  /** The last change to ready. */
  let recovery: { readonly reason: string; readonly at: number } | undefined
  const report = (readiness: Readiness, startedAt: number, error?: unknown): Readiness => {
    const reason = readiness.ready ? undefined : readiness.reason
    const isReplaced = lastEpoch !== undefined && timeline.epoch !== lastEpoch
    if (reason === undefined && (last !== undefined || isReplaced))
      recovery = { reason: last ?? REPLACED, at: startedAt }
    lastEpoch = timeline.epoch
    if (reason !== undefined && reason !== last) log.warn({ err: error ?? evidence, reason }, 'not ready')
    if (reason === undefined && last !== undefined) log.info('ready again')
    last = reason
    evidence = undefined
    return readiness
  }
  const cached = new CachedResult(async () => {
    const startedAt = performance.now()
    try {
      return report(await withTimeout(checkingSchema(() => check(database, timeline))), startedAt)
    } catch (error) {
      const reason = error instanceof DatabaseUnavailableError ? error.reason : 'The database does not answer.'
      return report({ ready: false, reason }, startedAt, error)
    }
  })
  const refresh = async (error: unknown, startedAt: number): Promise<Readiness> => {
    evidence = error
    const now = await cached.refresh()
    // A restore may have ended since the statement failed, or even before this call.
    return recovery !== undefined && startedAt < recovery.at ? { ready: false, reason: recovery.reason } : now
  }
  return { probe: () => cached.get(), refresh }
}

async function check(database: Database, timeline: TimelineCheck): Promise<Readiness> {
  const { isReadOnly, settings } = await database.checkSession()
  if (isReadOnly) return { ready: false, reason: READ_ONLY }
  const reason =
    settings[0] ?? (await missingRights(database.pool)) ?? REASONS[(await migrationState(database.pool)).state]
  if (reason !== undefined) return { ready: false, reason }
  // Before the schema comparison, which would report the triggers that a restore has not created
  // yet.
  await timeline.run()
  // In every check: a restore under a running server replaces the schema within a second.
  const drift = await schemaDrift(database.pool)
  return drift === undefined ? { ready: true } : { ready: false, reason: drift }
}

const REPLACED = 'The database was replaced.'

const REASONS: Readonly<Record<MigrationState['state'], string | undefined>> = {
  'up-to-date': undefined,
  empty: 'The database has no schema yet.',
  behind: 'The database schema is behind this version of the server.',
  ahead: 'The database has migrations that this version of the server cannot run on.',
  failed: 'A database migration failed half-way.',
}

/** Caches the result of `load`. Concurrent callers share one load. */
class CachedResult<Result> {
  private readonly load: () => Promise<Result>
  private entry: { readonly result: Promise<Result>; expiresAt: number } | undefined
  private next: Promise<Result> | undefined

  /** `load` must not reject. */
  constructor(load: () => Promise<Result>) {
    this.load = load
  }

  get(): Promise<Result> {
    if (this.entry !== undefined && performance.now() < this.entry.expiresAt) return this.entry.result
    const entry = { result: this.load(), expiresAt: Number.POSITIVE_INFINITY }
    this.entry = entry
    void entry.result.then(() => {
      entry.expiresAt = performance.now() + CACHE_TTL_MS
    })
    return entry.result
  }

  /** The result of a load that starts after this call. */
  refresh(): Promise<Result> {
    this.next ??= this.loadAgain()
    return this.next
  }

  private async loadAgain(): Promise<Result> {
    await this.entry?.result
    await sleep(MIN_INTERVAL_MS, undefined, { ref: false })
    this.next = undefined
    this.entry = undefined
    return await this.get()
  }
}

async function withTimeout(check: Promise<Readiness>): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The database did not respond within ${TIMEOUT_MS} ms.`)), TIMEOUT_MS)
  })
  return await Promise.race([check, timeout]).finally(() => clearTimeout(timer))
}
