// How PostgreSQL runs a statement of the server: with a plan for its values, or with a generic
// plan, which a prepared statement can get after some runs.
import pg from 'pg'
import type { SentStatement } from '../support/statements.ts'

type Planner = 'custom' | 'generic'

/**
 * The plans that PostgreSQL can choose for a statement. An unnamed statement is always planned for
 * its values.
 */
export function plannersOf({ name }: SentStatement): readonly Planner[] {
  return name === undefined ? ['custom'] : ['custom', 'generic']
}

/** A node of an executed plan, as in the JSON of EXPLAIN. */
interface PlanNode {
  readonly 'Node Type': string
  readonly 'Total Cost': number
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  /** Average of one loop. */
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly Plans?: readonly PlanNode[]
}

/** What a statement read, sorted and compiled. */
export interface PlanFacts {
  /** Tables that were read completely. */
  readonly scannedTables: readonly string[]
  readonly indexes: readonly string[]
  /** Number of rows in the largest sort. */
  readonly sorted: number
  /** Number of rows read from tables and indexes, including discarded ones. */
  readonly read: number
  /** Number of functions that JIT compiled. */
  readonly compiled: number
}

/** Runs the statement, which must change nothing. */
export async function planFacts(client: pg.Client, statement: SentStatement, planner: Planner): Promise<PlanFacts> {
  const { Plan, JIT } = await explain(client, statement, { planner, options: 'ANALYZE, TIMING OFF' })
  return { ...factsOf(Plan), compiled: JIT?.Functions ?? 0 }
}

/** The cost of a statement in the units of the planner, and whether it would be compiled (JIT). */
export interface PlannedCost {
  readonly totalCost: number
  readonly isCompiled: boolean
}

/** Plans the statement without running it. */
export async function plannedCost(client: pg.Client, statement: SentStatement, planner: Planner): Promise<PlannedCost> {
  const { Plan, JIT } = await explain(client, statement, { planner, options: 'VERBOSE' })
  return { totalCost: Plan['Total Cost'], isCompiled: JIT !== undefined }
}

interface Explained {
  readonly Plan: PlanNode
  readonly JIT?: { readonly Functions: number }
}

async function explain(
  client: pg.Client,
  { text, values }: SentStatement,
  { planner, options }: { planner: Planner; options: string },
): Promise<Explained> {
  await client.query(`SET plan_cache_mode = force_${planner}_plan`)
  await client.query(`PREPARE planned AS ${text}`)
  try {
    const given = values.length === 0 ? '' : `(${values.map(literal).join(', ')})`
    const { rows } = await client.query<{ 'QUERY PLAN': [Explained] }>(
      `EXPLAIN (${options}, FORMAT JSON) EXECUTE planned${given}`,
    )
    return (rows[0] as (typeof rows)[number])['QUERY PLAN'][0]
  } finally {
    await client.query('DEALLOCATE planned')
  }
}

function factsOf(plan: PlanNode): Omit<PlanFacts, 'compiled'> {
  const nodes = [...nodesOf(plan)]
  const present = (names: readonly (string | undefined)[]): string[] => [
    ...new Set(names.filter((name) => name !== undefined)),
  ]
  const sorts = nodes.filter((node) => /Sort$/.test(node['Node Type']))
  const scans = nodes.filter((node) => node['Relation Name'] !== undefined)
  return {
    scannedTables: present(
      scans.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name']),
    ),
    indexes: present(nodes.map((node) => node['Index Name'])),
    sorted: Math.max(0, ...sorts.flatMap(({ Plans = [] }) => Plans.map(rowsOf))),
    read: scans.reduce((sum, node) => sum + rowsOf(node) + removedFrom(node), 0),
  }
}

function* nodesOf(node: PlanNode): Generator<PlanNode> {
  yield node
  for (const below of node.Plans ?? []) yield* nodesOf(below)
}

function rowsOf(node: PlanNode): number {
  return Math.round(node['Actual Rows'] * node['Actual Loops'])
}

function removedFrom(node: PlanNode): number {
  const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)
  return Math.round(removed * node['Actual Loops'])
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (value instanceof Date) return pg.escapeLiteral(value.toISOString())
  if (Array.isArray(value)) return pg.escapeLiteral(`{${value.map((one) => JSON.stringify(String(one))).join(',')}}`)
  return pg.escapeLiteral(typeof value === 'object' ? JSON.stringify(value) : String(value))
}
