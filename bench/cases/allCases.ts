// All cases in the order in which they run: reading before writing. A case is created only when it
// runs, because some query the expected results for a long time.
import type pg from 'pg'
import type { BenchCase } from '../benchCase.ts'
import { BenchError } from '../benchError.ts'
import type { Servers } from '../servers.ts'
import { COUNT_CASES, countCases } from './counts.ts'
import { dashboardCaseNames, dashboardCases } from './dashboard.ts'
import { EVENT_CASES, eventCases } from './events.ts'
import { listCaseNames, listCases } from './lists.ts'
import { READ_CASES, readCases } from './reads.ts'
import { WRITE_CASES, writeCases } from './writes.ts'

export interface CaseSettings extends Pick<Servers, 'server' | 'postgraphile' | 'pool' | 'databaseUrl'> {
  readonly client: pg.Client
  readonly callers: number
  readonly depth: number
  /** The number of jobs in the data set. */
  readonly jobs: number
  readonly hasPgbench: boolean
  /**
   * The cases with these names, or whose names start with one of them and a hyphen. All if no name
   * is given, except those of the dashboard.
   */
  readonly only: readonly string[]
}

/** @throws BenchError for names that match no case */
export function requireCases(only: readonly string[]): void {
  const names = [
    ...READ_CASES,
    ...listCaseNames(),
    ...dashboardCaseNames(),
    ...COUNT_CASES,
    ...WRITE_CASES,
    ...EVENT_CASES,
  ]
  const unknown = only.filter((one) => !names.some((name) => isMeant(one, name)))
  if (unknown.length > 0) throw new BenchError(`There is no case ${unknown.join(' or ')}.`)
}

function isMeant(one: string, name: string): boolean {
  return name === one || name.startsWith(`${one}-`)
}

export type CaseMaker = () => Promise<BenchCase>

export async function allCases(settings: CaseSettings): Promise<CaseMaker[]> {
  const { only } = settings
  const isWanted = (name: string): boolean => only.length === 0 || only.some((one) => isMeant(one, name))
  return [
    ...readCases(settings, isWanted),
    ...(await listCases(settings, isWanted)),
    ...(only.length > 0 ? await dashboardCases(settings, isWanted) : []),
    ...countCases(settings, isWanted),
    ...writeCases(settings, isWanted),
    ...eventCases(settings, isWanted),
  ]
}
