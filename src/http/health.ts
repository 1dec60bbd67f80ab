// The two questions of whoever runs the process: does it live, is it fit to be sent requests. Says why not, without
// names, addresses or secrets, for anybody may ask.

import type { Logger } from 'pino'
import type { Database } from '../database/client.ts'
import { type MigrationState, migrationState } from '../database/migrations.ts'
import { DatabaseUnavailableError } from '../database/retryableErrors.ts'
import { READ_ONLY } from '../database/sessionCheck.ts'
import type { TimelineCheck } from '../database/transactionOrder.ts'

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string }

export type ReadinessProbe = () => Promise<Readiness>

/** An answer is good for so long: however often somebody asks, the database is asked once. */
const KEPT_MS = 1000
const PATIENCE_MS = 2000

/** Ready: the database answers soon, this version can run on its schema, and the order of its records is right. Never rejects. */
export function databaseReadiness(database: Database, timeline: TimelineCheck, log: Logger): ReadinessProbe {
  return keep(() =>
    withPatience(checkDatabase(database, timeline)).catch((error: unknown) => {
      const reason = error instanceof DatabaseUnavailableError ? error.message : 'The database does not answer.'
      log.warn({ err: error, reason }, 'not ready')
      return { ready: false, reason }
    }),
  )
}

async function checkDatabase(database: Database, timeline: TimelineCheck): Promise<Readiness> {
  const { isReadOnly, settings } = await database.checkSession()
  if (isReadOnly) return { ready: false, reason: READ_ONLY }
  const [fault] = settings
  if (fault !== undefined) return { ready: false, reason: fault }
  const { state } = await migrationState(database.pool)
  if (state !== 'up-to-date') return { ready: false, reason: REASONS[state] }
  await timeline.run()
  return { ready: true }
}

const REASONS: Readonly<Record<Exclude<MigrationState['state'], 'up-to-date'>, string>> = {
  empty: 'The database has no schema yet.',
  behind: 'The database schema is behind this version of the server.',
  ahead: 'The database has migrations that this version of the server cannot run on.',
  failed: 'A migration of the database failed half-way.',
}

function keep(probe: ReadinessProbe): ReadinessProbe {
  let kept: { answer: Promise<Readiness>; until: number } | undefined
  return () => {
    if (kept !== undefined && performance.now() < kept.until) return kept.answer
    const answer = probe()
    kept = { answer, until: Number.POSITIVE_INFINITY }
    const entry = kept
    void answer.finally(() => {
      entry.until = performance.now() + KEPT_MS
    })
    return answer
  }
}

async function withPatience(answer: Promise<Readiness>): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${PATIENCE_MS} ms.`)), PATIENCE_MS)
  })
  return await Promise.race([answer, tooLate]).finally(() => clearTimeout(timer))
}
