// Counts the SQL statements that a server sends, past Prisma: what PostgreSQL really gets.
import type pg from 'pg'
import type { TestServer } from './server.ts'

/** A statement as it was sent: with `$1`, `$2` ... and what they stand for. */
export interface SentStatement {
  readonly text: string
  readonly values: readonly unknown[]
  /** Under which the session keeps it prepared; undefined if it is planned each time. */
  readonly name: string | undefined
}

export interface StatementLog {
  /** The text of every statement that `work` makes the server send, in order. */
  during(work: () => Promise<unknown>): Promise<string[]>
  /** The same with their values. */
  sentDuring(work: () => Promise<unknown>): Promise<SentStatement[]>
}

/** Sees the connections that are opened from now on: to be called before the first request. */
export function logStatements({ database }: TestServer): StatementLog {
  const sent: SentStatement[] = []
  database.pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...parts: unknown[]) => unknown
    const logged = (...parts: unknown[]): unknown => {
      const statement = sentStatement(parts)
      // Sent once per connection and once a second, whatever the server is asked.
      if (!statement.text.includes('jobledger.realign_transaction_ids')) sent.push(statement)
      return query(...parts)
    }
    client.query = logged as typeof client.query
  })
  const sentDuring = async (work: () => Promise<unknown>): Promise<SentStatement[]> => {
    const before = sent.length
    await work()
    return sent.slice(before)
  }
  return { sentDuring, during: async (work) => (await sentDuring(work)).map(({ text }) => text) }
}

/** `query` takes a text and values, or both in one object. */
function sentStatement([first, second]: readonly unknown[]): SentStatement {
  if (typeof first === 'string') return { text: first, values: Array.isArray(second) ? second : [], name: undefined }
  const { text, values = [], name } = first as pg.QueryConfig
  return { text, values, name: name || undefined }
}
