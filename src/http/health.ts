// The two questions of whoever runs the process: does it live, is it fit to be sent requests. Says why not, without
// names, addresses or secrets, for anybody may ask.

import type { Logger } from 'pino'
import type { Database } from '../database/client.ts'
import { type MigrationState, migrationState } from '../database/migrations.ts'
import { DatabaseUnavailableError } from '../database/retryableErrors.ts'
import { schemaDrift } from '../database/schemaDrift.ts'
import { READ_ONLY } from '../database/sessionCheck.ts'
import type { TimelineCheck } from '../database/transactionOrder.ts'

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string }

export type ReadinessProbe = () => Promise<Readiness>

/** An answer is good for so long: however often somebody asks, the database is asked once. */
const KEPT_MS = 1000
/** So long is the schema taken for intact. Where it is not, it is read for each answer. */
const SCHEMA_KEPT_MS = 10_000
const PATIENCE_MS = 2000

/**
 * Ready: the database answers soon, sessions on it are as we set them, this version can run on its schema, which is what the migrations
 * made, and the order of its records is right. Never rejects.
 */
export function databaseReadiness(database: Database, timeline: TimelineCheck, log: Logger): ReadinessProbe {
  const drift = keep(
    () => schemaDrift(database.pool),
    (fault) => (fault === undefined ? SCHEMA_KEPT_MS : 0),
  )
  const check = async (): Promise<Readiness> => {
    const { isReadOnly, settings } = await database.checkSession()
    if (isReadOnly) return { ready: false, reason: READ_ONLY }
    const [fault] = settings
    if (fault !== undefined) return { ready: false, reason: fault }
    const { state } = await migrationState(database.pool)
    if (state !== 'up-to-date') return { ready: false, reason: REASONS[state] }
    // Before the schema is compared, which would name the triggers that a restore has still to create.
    await timeline.run()
    const changed = await drift()
    return changed === undefined ? { ready: true } : { ready: false, reason: changed }
  }
  return keep(
    () =>
      withPatience(check()).catch((error: unknown) => {
        const reason = error instanceof DatabaseUnavailableError ? error.message : 'The database does not answer.'
        log.warn({ err: error, reason }, 'not ready')
        return { ready: false, reason }
      }),
    () => KEPT_MS,
  )
}

const REASONS: Readonly<Record<Exclude<MigrationState['state'], 'up-to-date'>, string>> = {
  empty: 'The database has no schema yet.',
  behind: 'The database schema is behind this version of the server.',
  ahead: 'The database has migrations that this version of the server cannot run on.',
  failed: 'A migration of the database failed half-way.',
}

/** Asks again only when the last answer is older than `keptMs` says of it; whoever asks meanwhile waits for the same answer. */
function keep<Answer>(ask: () => Promise<Answer>, keptMs: (answer: Answer) => number): () => Promise<Answer> {
  let kept: { answer: Promise<Answer>; until: number } | undefined
  return () => {
    if (kept !== undefined && performance.now() < kept.until) return kept.answer
    const entry = { answer: ask(), until: Number.POSITIVE_INFINITY }
    kept = entry
    const keepFor = (ms: number): void => {
      entry.until = performance.now() + ms
    }
    entry.answer.then(
      (answer) => keepFor(keptMs(answer)),
      () => keepFor(0),
    )
    return entry.answer
  }
}

async function withPatience(answer: Promise<Readiness>): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${PATIENCE_MS} ms.`)), PATIENCE_MS)
  })
  return await Promise.race([answer, tooLate]).finally(() => clearTimeout(timer))
}
