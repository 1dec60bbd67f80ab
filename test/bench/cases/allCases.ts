// All cases there are, in the order in which they run: what reads comes before what writes. A case is made only when it is its turn,
// because some ask the database a while for what is right.
import type pg from 'pg'
import type { BenchCase } from '../benchCase.ts'
import type { Servers } from '../servers.ts'
import { countCases } from './counts.ts'
import { eventCases } from './events.ts'
import { listCases } from './lists.ts'
import { readCases } from './reads.ts'
import { writeCases } from './writes.ts'

export interface CaseSettings extends Pick<Servers, 'server' | 'postgraphile' | 'pool' | 'databaseUrl'> {
  readonly client: pg.Client
  readonly callers: number
  readonly depth: number
  readonly hasPgbench: boolean
  /** Of these names, or of those that begin with one of them and a hyphen; all if there are none. */
  readonly only: readonly string[]
}

export type CaseMaker = () => Promise<BenchCase>

export async function allCases(settings: CaseSettings): Promise<CaseMaker[]> {
  const { only } = settings
  const isWanted = (name: string): boolean =>
    only.length === 0 || only.some((one) => name === one || name.startsWith(`${one}-`))
  return [
    ...readCases(settings, isWanted),
    ...(await listCases(settings, isWanted)),
    ...countCases(settings, isWanted),
    ...writeCases(settings, isWanted),
    ...eventCases(settings, isWanted),
  ]
}
