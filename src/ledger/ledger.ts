// The context of every ledger operation: the database and the limits.
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

/** A ledger on a connected database. Omitted limits have their defaults. */
export function openLedger({ prisma, sql }: LedgerDatabase, limits: Partial<Limits> = {}): Ledger {
  return { prisma, sql, limits: { ...DEFAULT_LIMITS, ...limits } }
}
