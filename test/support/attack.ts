// Attempts over a direct database connection, and proof that they changed nothing.
import pg from 'pg'
import { expect } from 'vitest'
import { allRows, type Session } from './history.ts'

export interface ExpectedRefusal {
  readonly code: string
  readonly message?: RegExp | string
  readonly constraint?: string
}

/** Runs SQL that must fail as expected, and asserts that no row of the ledger has changed. */
export async function expectRefusal(session: Session, sql: string, expected: ExpectedRefusal): Promise<void> {
  const before = await allRows(session)
  const error = await session.query(sql).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  // An error inside a transaction block leaves the block open.
  await session.query('ROLLBACK')
  expect(error, `not refused: ${sql}`).toBeInstanceOf(pg.DatabaseError)
  const { code, message, constraint } = error as pg.DatabaseError
  expect({ code, message, constraint }).toMatchObject({
    code: expected.code,
    ...(expected.message === undefined ? {} : { message: matching(expected.message) }),
    ...(expected.constraint === undefined ? {} : { constraint: expected.constraint }),
  })
  expect(await allRows(session)).toEqual(before)
}

function matching(message: RegExp | string): unknown {
  return typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message)
}

/**
 * Runs work that the ledger must refuse, asserts that no row has changed, and returns the error.
 */
export async function refusalOf(session: Session, work: () => Promise<unknown>): Promise<unknown> {
  const before = await allRows(session)
  const refusal = await work().then(
    () => expect.fail('was not refused'),
    (error: unknown) => error,
  )
  expect(await allRows(session)).toEqual(before)
  return refusal
}
