// Plans root fields: each reads its rows by one statement, and writes its value.
import { GraphQLError, type GraphQLObjectType, getNamedType, locatedError } from 'graphql'
import type { TextRow } from '../../database/rows/rowShape.ts'
import { TextRows } from '../../database/rows/textRows.ts'
import { textShape } from '../../database/rows/textSql.ts'
import { InvalidInputError } from '../../ledger/errors.ts'
import type { Page } from '../../ledger/page.ts'
import { runQueryField } from '../accessRules.ts'
import { type ConnectionPlan, type PageFact, type PlannedPage, planConnection } from './connection.ts'
import type { FieldRequest } from './fieldRequest.ts'
import { planNodes } from './nodes.ts'
import type { ObjectPlanner, PlacedField } from './placedField.ts'
import { planValue } from './plainValue.ts'
import type { ListReads, RowReads } from './rootReads.ts'
import { Unplanned } from './unplanned.ts'

/**
 * Resolves to the JSON of a root field.
 *
 * @throws GraphQLError with its path, or Unplanned
 */
export type ReadField = (request: FieldRequest) => Promise<string>

/** What root fields declare for plans in their extensions. */
interface Reads {
  readonly list?: ListReads
  readonly row?: RowReads
  /** The resolver returns scalars, enums, or lists of objects of these; it does not read `info`. */
  readonly value?: true
}

/** @throws Unplanned */
export function planRootField(planner: ObjectPlanner, placed: PlacedField): ReadField {
  const { list, row, value } = placed.field.extensions as Reads
  if (list) return planList(planner, placed, list)
  if (row) return planRow(planner, placed, row)
  if (value) return planResolved(planner, placed)
  if (isNodeField(placed.field)) {
    const read = planNodes(planner, placed)
    return (request) => run(placed, request, () => read(request))
  }
  throw new Unplanned(`A plan cannot read ${placed.field.name}.`)
}

function planRow(planner: ObjectPlanner, placed: PlacedField, { table, row }: RowReads): ReadField {
  const rows = new TextRows<FieldRequest>(table)
  const write = planner.object(getNamedType(placed.field.type) as GraphQLObjectType, placed.nodes, rows)
  return async (request) => {
    const args = request.argumentsOf(placed)
    const found = await run(placed, request, () => row(args, request, textShape(rows, request)))
    return found === null ? 'null' : write(found, request)
  }
}

function planList(planner: ObjectPlanner, placed: PlacedField, list: ListReads): ReadField {
  const rows = new TextRows<FieldRequest>(list.table)
  const connection = planConnection(planner, placed, rows)
  return async (request) => {
    const args = request.argumentsOf(placed)
    const page = await run(placed, request, () => list.page(args, request, textShape(rows, request)))
    const count = (): Promise<number> => list.count(args, request)
    return connection.writeInTurns(await completed(page, connection, { placed, count }), request)
  }
}

/** Reads what the response says of the list besides the rows of the page. */
async function completed(
  page: Page<TextRow>,
  { facts }: ConnectionPlan,
  { placed, count }: { placed: PlacedField; count: () => Promise<number> },
): Promise<PlannedPage> {
  const read: Record<PageFact, () => Promise<number | boolean>> = {
    hasNextPage: page.hasNextPage,
    hasPreviousPage: page.hasPreviousPage,
    totalCount: count,
  }
  const { rows, cursorOf } = page
  const found: Partial<Record<PageFact, number | boolean>> = {}
  const reading = [...facts].map(async ([fact, { path, nodes }]) => {
    found[fact] = await located(nodes, [placed.key, ...path], read[fact])
  })
  if (reading.length > 0) await Promise.all(reading)
  return { rows, cursorOf, ...(found as Omit<PlannedPage, 'rows' | 'cursorOf'>) }
}

function planResolved(planner: ObjectPlanner, placed: PlacedField): ReadField {
  const { field, key, nodes } = placed
  const write = planValue(planner, field.type, nodes)
  return async (request) => {
    const args = request.argumentsOf(placed)
    const value = await located(nodes, [key], () => field.resolve?.(undefined, args, request.context, request.info))
    return write(value, request)
  }
}

/** With the access rule of the field. @throws GraphQLError with the path of the field */
function run<T>({ key, field, nodes }: PlacedField, { context }: FieldRequest, work: () => Promise<T>): Promise<T> {
  return located(nodes, [key], () => runQueryField(field.name, context.caller, work))
}

/**
 * Errors of the database keep their place. For errors of the input and of access, the executor
 * decides which comes first.
 */
async function located<T>(nodes: PlacedField['nodes'], path: readonly string[], work: () => T): Promise<Awaited<T>> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Unplanned) throw error
    if (error instanceof InvalidInputError || error instanceof GraphQLError)
      throw new Unplanned('The request is refused.', { cause: error })
    throw locatedError(error, nodes, path)
  }
}

function isNodeField({ type }: PlacedField['field']): boolean {
  return getNamedType(type).name === 'Node'
}
