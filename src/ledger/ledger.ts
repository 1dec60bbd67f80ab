// What every operation of the ledger is given: the database to work on and the limits to keep.
import type { PrismaClient } from '../database/generated/client.ts'
import type { Sql } from '../database/rows/sql.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'

export interface Ledger extends LedgerDatabase {
  readonly limits: Limits
}

export interface LedgerDatabase {
  readonly prisma: PrismaClient
  /** Runs hand-written SQL. */
  readonly sql: Sql
}

/** A ledger on a connected database. Limits that are not given are the defaults. */
export function openLedger({ prisma, sql }: LedgerDatabase, limits: Partial<Limits> = {}): Ledger {
  return { prisma, sql, limits: { ...DEFAULT_LIMITS, ...limits } }
}
