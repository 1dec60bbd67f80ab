// How Pothos reads single objects: those of one request that are asked for at once and alike, by one statement. Prisma's own batches
// would also take in what other requests ask for at the same moment, and then end with the first of them that is given up.
import type { PrismaClient } from '../../database/generated/client.ts'
import { InputCheck } from '../../ledger/inputCheck.ts'
import type { GraphQLContext } from '../context.ts'

type Id = string | bigint
type Row = { id: Id }
type Arguments = { where: { id: Id }; select?: object; include?: object }

interface Delegate {
  findMany(args: object): Promise<Row[]>
}

interface Batch {
  readonly ids: Id[]
  readonly rows: Promise<ReadonlyMap<string, Row>>
}

class NodeReads {
  private readonly delegate: Delegate
  private readonly pending = new Map<string, Batch>()

  constructor(delegate: Delegate) {
    this.delegate = delegate
  }

  /** The object, or null. As Prisma has it, but `where` names it by its `id`, beside which it may have other conditions. */
  async findUnique({ where: { id, ...conditions }, select, include }: Arguments): Promise<Row | null> {
    const shape = { ...(select && { select: { ...select, id: true } }), ...(include && { include }) }
    const key = JSON.stringify([conditions, shape])
    const batch = this.pending.get(key) ?? this.begin(key, conditions, shape)
    batch.ids.push(id)
    return (await batch.rows).get(String(id)) ?? null
  }

  /** The object. @throws Error if it is not there */
  async findUniqueOrThrow(asked: Arguments): Promise<Row> {
    const row = await this.findUnique(asked)
    if (row === null) throw new Error(`There is no row ${asked.where.id}.`)
    return row
  }

  private begin(key: string, conditions: object, shape: object): Batch {
    const ids: Id[] = []
    // Later in this turn of the event loop: by then all that is asked for at once is known.
    const rows = Promise.resolve().then(async () => {
      this.pending.delete(key)
      const found = await this.delegate.findMany({ ...shape, where: { AND: [{ id: { in: ids } }, conditions] } })
      return new Map(found.map((row) => [String(row.id), row]))
    })
    const batch = { ids, rows }
    this.pending.set(key, batch)
    return batch
  }
}

const MODELS = ['job', 'jobStateRecord', 'jobResult'] as const

const readsOf = new WeakMap<GraphQLContext, PrismaClient>()

/** The client by which Pothos reads for one request. */
export function batchedNodeLoader(context: GraphQLContext): PrismaClient {
  const known = readsOf.get(context)
  if (known) return known
  const { prisma } = context.ledger
  const reads = Object.fromEntries(
    MODELS.map((model) => [model, new NodeReads(prisma[model] as unknown as Delegate)]),
  ) as unknown as PrismaClient
  readsOf.set(context, reads)
  return reads
}

/** Nodes are a page like any other. @throws InvalidInputError */
export function checkNodeIds({ ledger }: GraphQLContext, ids: readonly unknown[]): void {
  const most = ledger.limits.pageSize
  if (ids.length <= most) return
  const check = new InputCheck(ledger.limits)
  check.addIssue('ids', `must be at most ${most} ids; ${ids.length} came.`)
  check.throwIfAny()
}
