// What every operation of the ledger is given: the database to work on and the limits to keep.
import type { PrismaClient } from '../database/generated/client.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'

export interface Ledger {
  readonly prisma: PrismaClient
  readonly limits: Limits
}

/** A ledger on a connected Prisma client. Limits that are not given are the defaults. */
export function openLedger(prisma: PrismaClient, limits: Partial<Limits> = {}): Ledger {
  return { prisma, limits: { ...DEFAULT_LIMITS, ...limits } }
}
