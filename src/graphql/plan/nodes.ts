// Plans `node` and `nodes`: the type of each object is known from its id, before anything is read.
import { type GraphQLObjectType, isListType, isNonNullType } from 'graphql'
import type { TextRow } from '../../database/rows/rowShape.ts'
import { JOB_RESULT_RECORDS, JOB_RESULTS, JOB_STATES, JOBS, type Table } from '../../database/rows/tables.ts'
import { TextRows } from '../../database/rows/textRows.ts'
import { textShape } from '../../database/rows/textSql.ts'
import { ownerScope } from '../context.ts'
import { decodeGlobalId, type GlobalId } from '../globalIds.ts'
import { checkNodeIds, nodeCondition } from '../loading/nodeLoader.ts'
import type { FieldRequest } from './fieldRequest.ts'
import type { Write } from './leaves.ts'
import type { ObjectPlanner, PlacedField, Rows } from './placedField.ts'
import { Unplanned } from './unplanned.ts'

const TABLES: Readonly<Record<string, Table>> = {
  Job: JOBS,
  JobStateRecord: JOB_STATES,
  JobResult: JOB_RESULTS,
  JobResultRecord: JOB_RESULT_RECORDS,
}

interface NodePlan {
  readonly rows: Rows
  readonly idIndex: number
  readonly write: Write
}

/** Reads nodes, and resolves to the JSON of the field. */
export type ReadNodes = (request: FieldRequest) => Promise<string>

/** @throws Unplanned */
export function planNodes(planner: ObjectPlanner, placed: PlacedField): ReadNodes {
  const plans = new Map(
    Object.entries(TABLES).map(([name, table]) => [name, planNode(planner, placed, { name, table })]),
  )
  const { type } = placed.field
  const isList = isListType(isNonNullType(type) ? type.ofType : type)
  return async (request) => {
    const args = request.argumentsOf(placed)
    const given = (isList ? args.ids : [args.id]) as string[]
    if (isList) checkNodeIds(request.context, given)
    const ids = given.map(decodeGlobalId)
    const texts = await textsOf(ids, plans, request)
    const members = ids.map(({ typename, id }) => texts.get(`${typename}:${id}`) ?? 'null')
    return isList ? `[${members.join()}]` : (members[0] as string)
  }
}

function planNode(
  planner: ObjectPlanner,
  { nodes }: PlacedField,
  { name, table }: { name: string; table: Table },
): NodePlan {
  const rows = new TextRows<FieldRequest>(table)
  const idIndex = rows.column('id')
  const write = planner.object(planner.schema.getType(name) as GraphQLObjectType, nodes, rows)
  return { rows, idIndex, write }
}

/** The JSON of each object that exists, by its type and id. One statement for each type. */
async function textsOf(
  ids: readonly GlobalId[],
  plans: ReadonlyMap<string, NodePlan>,
  request: FieldRequest,
): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  const typenames = [...new Set(ids.map(({ typename }) => typename))]
  await Promise.all(
    typenames.map(async (typename) => {
      const plan = plans.get(typename)
      if (plan === undefined) throw new Unplanned(`A plan cannot read ${typename}.`)
      const own = ids.filter((one) => one.typename === typename).map(({ id }) => id)
      for (const row of await rowsOf(plan, own, request))
        texts.set(`${typename}:${row[plan.idIndex]}`, plan.write(row, request))
    }),
  )
  return texts
}

function rowsOf({ rows }: NodePlan, ids: readonly string[], request: FieldRequest): Promise<TextRow[]> {
  const { context } = request
  const { ownerId } = ownerScope(context, 'jobs:read')
  const where = nodeCondition(rows.table, ids, ownerId === undefined ? {} : { userId: ownerId })
  return context.ledger.sql.readAs(rows.table, textShape(rows, request), { where })
}
