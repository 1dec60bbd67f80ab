// All cases there are, in the order in which they run: what reads comes before what writes. A case is made only when it is its turn,
// because some ask the database a while for what is right.
import type pg from 'pg'
import type { BenchCase } from '../benchCase.ts'
import { BenchError } from '../benchError.ts'
import type { Servers } from '../servers.ts'
import { COUNT_CASES, countCases } from './counts.ts'
import { EVENT_CASES, eventCases } from './events.ts'
import { listCaseNames, listCases } from './lists.ts'
import { READ_CASES, readCases } from './reads.ts'
import { WRITE_CASES, writeCases } from './writes.ts'

export interface CaseSettings extends Pick<Servers, 'server' | 'postgraphile' | 'pool' | 'databaseUrl'> {
  readonly client: pg.Client
  readonly callers: number
  readonly depth: number
  readonly hasPgbench: boolean
  /** Of these names, or of those that begin with one of them and a hyphen; all if there are none. */
  readonly only: readonly string[]
}

/** @throws BenchError for names that mean no case */
export function requireCases(only: readonly string[]): void {
  const names = [...READ_CASES, ...listCaseNames(), ...COUNT_CASES, ...WRITE_CASES, ...EVENT_CASES]
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
    ...countCases(settings, isWanted),
    ...writeCases(settings, isWanted),
    ...eventCases(settings, isWanted),
  ]
}
