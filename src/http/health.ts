// The two questions of whoever runs the process: does it live, is it fit to be sent requests. Says why not, without
// names, addresses or secrets, for anybody may ask.

import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { lookingAtSchema } from '../database/cancellation.ts'
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
  /** Checks again because of an error. Not ready also if the database was not ready before the call. */
  renew(error: unknown): Promise<Readiness>
}

/** An answer is good for so long: however often somebody asks, the database is asked once. */
const CACHE_TTL_MS = 1000
const TIMEOUT_MS = 2000
/** From one look to the next at least, however many statements fail. */
const PAUSE_MS = 100

/**
 * Ready: the database answers soon, sessions on it are as we set them, this version can run on its schema, which is what the migrations
 * made, its role has the rights that it needs, and the order of its records is right. Never rejects. Each change is logged once.
 */
export function databaseReadiness(database: Database, timeline: TimelineCheck, log: Logger): DatabaseReadiness {
  let last: string | undefined
  let evidence: unknown
  const note = (readiness: Readiness, error?: unknown): Readiness => {
    const reason = readiness.ready ? undefined : readiness.reason
    if (reason !== undefined && reason !== last) log.warn({ err: error ?? evidence, reason }, 'not ready')
    if (reason === undefined && last !== undefined) log.info('ready again')
    last = reason
    evidence = undefined
    return readiness
  }
  const kept = new KeptAnswer(() =>
    withTimeout(lookingAtSchema(() => check(database, timeline))).then(note, (error: unknown) => {
      const reason = error instanceof DatabaseUnavailableError ? error.message : 'The database does not answer.'
      return note({ ready: false, reason }, error)
    }),
  )
  const renew = async (error: unknown): Promise<Readiness> => {
    const before = last
    evidence = error
    const now = await kept.renew()
    // A restore may have ended since the statement failed.
    return before === undefined ? now : { ready: false, reason: before }
  }
  return { probe: () => kept.get(), renew }
}

async function check(database: Database, timeline: TimelineCheck): Promise<Readiness> {
  const { isReadOnly, settings } = await database.checkSession()
  if (isReadOnly) return { ready: false, reason: READ_ONLY }
  const reason =
    settings[0] ?? (await missingRights(database.pool)) ?? REASONS[(await migrationState(database.pool)).state]
  if (reason !== undefined) return { ready: false, reason }
  // Before the schema is compared, which would name the triggers that a restore has still to create.
  await timeline.run()
  // Each time: a restore under a running server makes the schema anew in a second.
  const drift = await schemaDrift(database.pool)
  return drift === undefined ? { ready: true } : { ready: false, reason: drift }
}

const REASONS: Readonly<Record<MigrationState['state'], string | undefined>> = {
  'up-to-date': undefined,
  empty: 'The database has no schema yet.',
  behind: 'The database schema is behind this version of the server.',
  ahead: 'The database has migrations that this version of the server cannot run on.',
  failed: 'A migration of the database failed half-way.',
}

/** Asks again only when the last answer is old; whoever asks meanwhile waits for the same answer. */
class KeptAnswer<Answer> {
  private readonly ask: () => Promise<Answer>
  private kept: { readonly answer: Promise<Answer>; until: number } | undefined
  private next: Promise<Answer> | undefined

  /** `ask` does not reject. */
  constructor(ask: () => Promise<Answer>) {
    this.ask = ask
  }

  get(): Promise<Answer> {
    if (this.kept !== undefined && performance.now() < this.kept.until) return this.kept.answer
    const entry = { answer: this.ask(), until: Number.POSITIVE_INFINITY }
    this.kept = entry
    void entry.answer.then(() => {
      entry.until = performance.now() + CACHE_TTL_MS
    })
    return entry.answer
  }

  /** The answer to a question that begins after this call. */
  renew(): Promise<Answer> {
    this.next ??= this.askAfterThis()
    return this.next
  }

  private async askAfterThis(): Promise<Answer> {
    await this.kept?.answer
    await delay(PAUSE_MS, undefined, { ref: false })
    this.next = undefined
    this.kept = undefined
    return await this.get()
  }
}

async function withTimeout(answer: Promise<Readiness>): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${TIMEOUT_MS} ms.`)), TIMEOUT_MS)
  })
  return await Promise.race([answer, tooLate]).finally(() => clearTimeout(timer))
}
