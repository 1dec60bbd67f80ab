// Lists, one request at a time, because they measure latency: a deep page compared with the first
// page of the same list, and the first page of each filter. PostgreSQL provides the expected rows.
import type pg from 'pg'
import type { BenchCase } from '../benchCase.ts'
import { WrongResponseError } from '../benchError.ts'
import { loopContender } from '../contender.ts'
import type { HttpTarget } from '../httpTarget.ts'
import { cursorOf } from './cursors.ts'
import { filterNames, filters } from './filtered.ts'
import { deepLists, type List } from './listed.ts'

export interface ListTargets {
  readonly server: HttpTarget
  readonly client: pg.Client
  /** The depth of the page; near the end of the list if the list is shorter. */
  readonly depth: number
}

/** Of the lists that do not say their size. */
const PAGE = 20
/** Maximum share of a list before the deep page, so that the page is full. */
const NEARLY_ALL = 0.98

export function listCaseNames(): string[] {
  return [...deepLists().map(({ name }) => `deep-${name}`), ...filterNames().map((name) => `filter-${name}`)]
}

export async function listCases(
  targets: ListTargets,
  isWanted: (name: string) => boolean,
): Promise<(() => Promise<BenchCase>)[]> {
  const deep = deepLists().filter(({ name }) => isWanted(`deep-${name}`))
  const filtered = (await filters(targets.client)).filter(({ name }) => isWanted(`filter-${name}`))
  return [
    ...deep.map((list) => () => deepCase(targets, list)),
    ...filtered.map((list) => async () => filterCase(targets, list)),
  ]
}

export async function deepCase({ server, client, depth }: ListTargets, list: List): Promise<BenchCase> {
  const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${list.from}`)
  const deep = Math.max(1, Math.min(depth, Math.floor(Number(rows[0]?.count) * NEARLY_ALL)))
  const key = await client.query<Record<string, unknown>>(
    `SELECT ${list.key.join(', ')} FROM ${list.from} ORDER BY ${list.orderBy} OFFSET ${deep - 1} LIMIT 1`,
  )
  const after = cursorOf(list.cursor, list.direction, Object.values(key.rows[0] ?? {}))
  const deepPage = operation(list, after)
  const firstPage = operation(list, null)
  return {
    name: `deep-${list.name}`,
    title: `${list.title}: the page after ${deep} rows / page 1`,
    measure: 'latency',
    callers: 1,
    subject: asker(server, `after ${deep}`, deepPage),
    references: [asker(server, 'page 1', firstPage)],
    verify: async () => {
      await requireRows(server, { list, operation: deepPage }, await expected(client, list, deep))
      await requireRows(server, { list, operation: firstPage }, await expected(client, list, 0))
    },
  }
}

export function filterCase({ server, client }: ListTargets, list: List): BenchCase {
  const firstPage = operation(list, null)
  return {
    name: `filter-${list.name}`,
    title: `page 1 of ${list.title}`,
    measure: 'latency',
    callers: 1,
    subject: asker(server, 'jobledger', firstPage),
    references: [],
    verify: async () => requireRows(server, { list, operation: firstPage }, await expected(client, list, 0)),
  }
}

function operation({ query, variables }: List, after: string | null): string {
  return JSON.stringify({ query, variables: { ...variables, after } })
}

function asker(server: HttpTarget, name: string, text: string) {
  return loopContender({ name, callers: 1, operation: async () => void (await server.send(text)) })
}

async function expected(client: pg.Client, list: List, offset: number): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT ${list.id} AS id FROM ${list.from} ORDER BY ${list.orderBy} OFFSET ${offset} LIMIT ${list.size ?? PAGE}`,
  )
  return rows.map(({ id }) => id)
}

async function requireRows(
  server: HttpTarget,
  { list, operation: text }: { list: List; operation: string },
  rows: readonly string[],
): Promise<void> {
  const found = list.idsOf((JSON.parse(await server.send(text)) as { data: never }).data)
  if (JSON.stringify(found) === JSON.stringify(rows)) return
  throw new WrongResponseError(`${list.title}: the ${found.length} rows differ from the ${rows.length} of SQL`)
}
