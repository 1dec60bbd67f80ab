// Counts the SQL statements that a server sends, past Prisma: what PostgreSQL really gets.
import type pg from 'pg'
import type { TestServer } from './server.ts'

export interface StatementLog {
  /** The text of every statement that `work` makes the server send, in order. */
  during(work: () => Promise<unknown>): Promise<string[]>
}

/** Sees the connections that are opened from now on: to be called before the first request. */
export function logStatements({ database }: TestServer): StatementLog {
  const sent: string[] = []
  database.pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...parts: unknown[]) => unknown
    const logged = (...parts: unknown[]): unknown => {
      const [first] = parts
      sent.push(typeof first === 'string' ? first : (first as pg.QueryConfig).text)
      return query(...parts)
    }
    client.query = logged as typeof client.query
  })
  return {
    async during(work) {
      const before = sent.length
      await work()
      return sent.slice(before)
    },
  }
}
