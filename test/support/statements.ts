// Records the SQL statements that a server sends to PostgreSQL, below Prisma.
import type pg from 'pg'
import type { TestServer } from './server.ts'

/** A statement as it was sent, with the placeholders `$1`, `$2` ... and their values. */
export interface SentStatement {
  readonly text: string
  readonly values: readonly unknown[]
  /** The name of the prepared statement; undefined if it is not prepared. */
  readonly name: string | undefined
}

export interface StatementLog {
  /** The text of every statement that the server sends during `work`, in order. */
  during(work: () => Promise<unknown>): Promise<string[]>
  /** The same with their values. */
  sentDuring(work: () => Promise<unknown>): Promise<SentStatement[]>
}

/** In statements that are sent independently of the progress of requests. */
const INDEPENDENT = ['jobledger.realign_transaction_ids', 'INSERT INTO jobledger.refusals']

/** Records on connections that are opened from now on. Call it before the first request. */
export function logStatements({ database }: TestServer): StatementLog {
  const sent: SentStatement[] = []
  database.pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...parts: unknown[]) => unknown
    const logged = (...parts: unknown[]): unknown => {
      const statement = sentStatement(parts)
      if (!INDEPENDENT.some((text) => statement.text.includes(text))) sent.push(statement)
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

/** `query` accepts a text and values, or one object with both. */
function sentStatement([first, second]: readonly unknown[]): SentStatement {
  if (typeof first === 'string') return { text: first, values: Array.isArray(second) ? second : [], name: undefined }
  const { text, values = [], name } = first as pg.QueryConfig
  return { text, values, name: name || undefined }
}
