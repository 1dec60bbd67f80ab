// How Pothos reads single objects: one statement for all objects of a request that are read at once
// and select the same fields. Prisma's own batches would mix requests, and fail for all of them
// when one is cancelled.
import { Prisma, type PrismaClient } from '../../database/generated/client.ts'
import { and } from '../../database/rows/conditions.ts'
import type { Select } from '../../database/rows/selectList.ts'
import type { Sql } from '../../database/rows/sql.ts'
import {
  BULK_ACTIONS,
  JOB_RESULT_RECORDS,
  JOB_RESULTS,
  JOB_STATES,
  JOBS,
  type Table,
} from '../../database/rows/tables.ts'
import { InputCheck } from '../../ledger/inputCheck.ts'
import type { GraphQLContext } from '../context.ts'

type Id = string | bigint
type Row = { id: Id }

/** What `ownerWhere` returns: of the object itself if it is a job, else of its job. */
interface Owner {
  readonly userId?: string
}
/** `ownerId` is of a bulk action. */
type Conditions = Owner & { readonly job?: Owner; readonly ownerId?: string }

/** All prismaNode types have a `select`, so Pothos never sends `include`. */
interface Arguments {
  readonly where: Conditions & { readonly id: Id }
  readonly select: Select
}

interface Batch {
  readonly ids: Id[]
  readonly rows: Promise<ReadonlyMap<string, Row>>
}

class NodeReads {
  private readonly sql: Sql
  private readonly table: Table
  private readonly pending = new Map<string, Batch>()

  constructor(sql: Sql, table: Table) {
    this.sql = sql
    this.table = table
  }

  /** The object, or null. */
  async findUnique({ where: { id, ...conditions }, select }: Arguments): Promise<Row | null> {
    const key = JSON.stringify([conditions, select])
    const batch = this.pending.get(key) ?? this.startBatch(key, conditions, select)
    batch.ids.push(id)
    return (await batch.rows).get(String(id)) ?? null
  }

  /** The object. @throws Error if it does not exist */
  async findUniqueOrThrow(asked: Arguments): Promise<Row> {
    const row = await this.findUnique(asked)
    if (row === null) throw new Error(`There is no row ${asked.where.id}.`)
    return row
  }

  private startBatch(key: string, conditions: Conditions, select: Select): Batch {
    const ids: Id[] = []
    // Later in this turn of the event loop, when all objects that are read at once are known.
    const rows = Promise.resolve().then(async () => {
      this.pending.delete(key)
      const where = nodeCondition(this.table, ids, conditions)
      const found = await this.sql.read<Row>(this.table, { select: { ...select, id: true }, where })
      return new Map(found.map((row) => [String(row.id), row]))
    })
    const batch = { ids, rows }
    this.pending.set(key, batch)
    return batch
  }
}

/** Selects objects of a table by their ids. */
export function nodeCondition(table: Table, ids: readonly Id[], conditions: Conditions): Prisma.Sql {
  return and([idCondition(table, ids), ...ownerCondition(table, conditions)])
}

function idCondition({ name, columns }: Table, ids: readonly Id[]): Prisma.Sql {
  const type = columns.id?.type === 'bigint' ? 'bigint' : 'uuid'
  return Prisma.sql`${Prisma.raw(`${name}.id`)} = ANY (${ids.map(String)}::${Prisma.raw(type)}[])`
}

function ownerCondition({ name }: Table, { userId, job, ownerId }: Conditions): Prisma.Sql[] {
  if (ownerId !== undefined) return [Prisma.sql`${Prisma.raw(`${name}.owner_id`)} = ${ownerId}`]
  const owner = userId ?? job?.userId
  if (owner === undefined) return []
  const owned = Prisma.sql`jobs.user_id = ${owner}`
  if (name === JOBS.name) return [owned]
  return [Prisma.sql`EXISTS (SELECT FROM jobs WHERE jobs.id = ${Prisma.raw(`${name}.job_id`)} AND ${owned})`]
}

const TABLES = {
  job: JOBS,
  jobStateRecord: JOB_STATES,
  jobResult: JOB_RESULTS,
  jobResultRecord: JOB_RESULT_RECORDS,
  bulkAction: BULK_ACTIONS,
}

const readsOf = new WeakMap<GraphQLContext, PrismaClient>()

/** The client by which Pothos reads for one request. */
export function batchedNodeLoader(context: GraphQLContext): PrismaClient {
  const known = readsOf.get(context)
  if (known) return known
  const { sql } = context.ledger
  const reads = Object.fromEntries(
    Object.entries(TABLES).map(([model, table]) => [model, new NodeReads(sql, table)]),
  ) as unknown as PrismaClient
  readsOf.set(context, reads)
  return reads
}

/** Nodes are a page like any other. @throws InvalidInputError */
export function checkNodeIds({ ledger }: GraphQLContext, ids: readonly unknown[]): void {
  const limit = ledger.limits.pageSize
  if (ids.length <= limit) return
  const check = new InputCheck(ledger.limits)
  check.addIssue('ids', `must have at most ${limit} ids (got ${ids.length}).`)
  check.throwIfAny()
}
