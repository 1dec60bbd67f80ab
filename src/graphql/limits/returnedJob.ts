// Finds out before a mutation runs which columns of jobs its response contains, and how often.
// Walks the selection as the executor does, but assumes that every fragment applies.
import {
  type FieldNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  getArgumentValues,
  getNamedType,
  isListType,
  isNonNullType,
  isObjectType,
  OperationTypeNode,
} from 'graphql'
import type { Limits } from '../../ledger/limits.ts'
import { RECORD_IN_JOB, type ResponseShape, type ReturnedJob, type Weights } from '../../ledger/returnedJob.ts'
import type { GraphQLContext } from '../context.ts'
import { fieldsOf, jobSelections } from '../loading/selection.ts'

/** The fields of mutation results that contain jobs, records and results, with their types. */
const TYPES_OF_FIELDS: Readonly<Record<string, string>> = {
  job: 'Job',
  existingJob: 'Job',
  jobs: 'Job',
  extended: 'Job',
  record: 'JobStateRecord',
  result: 'JobResult',
}

/** The columns without a small fixed size. */
const VARIABLE_COLUMNS: Readonly<Record<string, ReadonlySet<string>>> = {
  Job: new Set(['userId', 'content', 'preset', 'stateReason', 'stateActor', 'stateMetadata', 'metadata']),
  JobStateRecord: new Set(['reason', 'error', 'stateMetadata', 'actor']),
  JobResult: new Set(['output', 'errorMessage']),
}

/** Bytes of texts that are not columns of a job, a record or a result: their usual length. */
const TEXT_BYTES: Readonly<Record<string, number>> = { 'JobRefusal.message': 500, 'JobRefusal.actor': 100 }

/** Bytes of a field in addition to its name: an id or an instant, and punctuation. */
const FIXED_BYTES = 60
/** If each job has at most this many bytes, the number of jobs limits the response. */
const SMALL_BYTES = 2048

/** What the current mutation field returns of its jobs. */
export function returnedJob(context: GraphQLContext, info: GraphQLResolveInfo): ReturnedJob {
  const fields = new Set<string>()
  for (const field of ['job', 'existingJob', 'jobs', 'extended']) {
    for (const selection of jobSelections(context, info, field)) {
      for (const [name, isSelected] of Object.entries(selection)) if (isSelected === true) fields.add(name)
    }
  }
  const shape = shapeOf(info, context.ledger.limits)
  return { fields, bound: isSmall(shape) ? undefined : { shape, budget: context.responseBudget } }
}

/**
 * Limits a list of jobs below the result of a mutation. Undefined for queries, which are limited
 * while they read, and for small jobs.
 */
export function listBound(context: GraphQLContext, info: GraphQLResolveInfo): ReturnedJob['bound'] {
  const type = getNamedType(info.returnType)
  if (info.operation.operation !== OperationTypeNode.MUTATION || !isObjectType(type)) return undefined
  const walk = new SelectionWalk(info, context.ledger.limits)
  walk.object(type, info.fieldNodes, { times: 1, maxRecords: 1, isOwnRecord: false })
  return isSmall(walk.shape) ? undefined : { shape: walk.shape, budget: context.responseBudget }
}

function isSmall({ fixedBytes, ...weights }: ResponseShape): boolean {
  const variable = [weights.job, weights.record, weights.result].flatMap(Object.keys)
  return variable.length === 0 && fixedBytes <= SMALL_BYTES
}

function shapeOf(info: GraphQLResolveInfo, limits: Limits): ResponseShape {
  const walk = new SelectionWalk(info, limits)
  for (const [, nodes] of walk.fieldsBelow(info.fieldNodes)) {
    const type = info.schema.getType(TYPES_OF_FIELDS[nodes[0]?.name.value ?? ''] ?? '')
    if (isObjectType(type)) walk.object(type, nodes, { times: 1, maxRecords: 1, isOwnRecord: true })
  }
  return walk.shape
}

/** How often an object appears in the response. */
interface Occurrence {
  /** Times per job of the response, and per record of a page. */
  readonly times: number
  /** Maximum number of records on its page. */
  readonly maxRecords: number
  /**
   * Whether it is the record of the mutation's own transition, whose values are also in the job.
   */
  readonly isOwnRecord: boolean
}

class SelectionWalk {
  private readonly info: GraphQLResolveInfo
  private readonly limits: Limits
  private fixedBytes = 0
  private records = 1
  private readonly weights: Record<string, Record<string, number>> = { Job: {}, JobStateRecord: {}, JobResult: {} }

  constructor(info: GraphQLResolveInfo, limits: Limits) {
    this.info = info
    this.limits = limits
  }

  get shape(): ResponseShape {
    const of = (type: string): Weights => this.weights[type] ?? {}
    return {
      fixedBytes: this.fixedBytes,
      job: of('Job'),
      record: of('JobStateRecord'),
      records: this.records,
      result: of('JobResult'),
    }
  }

  /** Adds an object that `nodes`, which have the same response name, select. */
  object(type: GraphQLObjectType, nodes: readonly FieldNode[], occurrence: Occurrence): void {
    for (const [key, group] of this.fieldsBelow(nodes)) {
      this.fixedBytes += (key.length + FIXED_BYTES) * occurrence.times * occurrence.maxRecords
      const field = type.getFields()[group[0]?.name.value ?? '']
      if (field) this.field({ type, field }, group, occurrence)
    }
  }

  /** The fields that `nodes` select, by response name. */
  fieldsBelow(nodes: readonly FieldNode[]): Map<string, FieldNode[]> {
    const groups = new Map<string, FieldNode[]>()
    const selections = nodes.flatMap(({ selectionSet }) => selectionSet?.selections ?? [])
    for (const node of fieldsOf(selections, this.info)) {
      const key = node.alias?.value ?? node.name.value
      const group = groups.get(key)
      if (group) group.push(node)
      else groups.set(key, [node])
    }
    return groups
  }

  private field(
    { type, field }: { type: GraphQLObjectType; field: GraphQLField<unknown, unknown> },
    nodes: readonly FieldNode[],
    occurrence: Occurrence,
  ): void {
    const named = getNamedType(field.type)
    if (!isObjectType(named)) {
      for (const column of columnsOf(field)) this.weigh(type, column, occurrence)
      this.fixedBytes += (TEXT_BYTES[`${type.name}.${field.name}`] ?? 0) * occurrence.times * occurrence.maxRecords
      return
    }
    if (isConnection(named)) {
      const maxRecords = this.pageSize(field, nodes)
      this.records = Math.max(this.records, maxRecords)
      this.object(named, nodes, { times: occurrence.times * occurrence.maxRecords, maxRecords, isOwnRecord: false })
      return
    }
    // The list of a connection repeats for each item of the page. Its other fields appear once.
    const isOnPage = !isConnection(type) || isList(field)
    const isRecord = named.name === 'JobStateRecord'
    const inside = {
      ...occurrence,
      maxRecords: isOnPage ? occurrence.maxRecords : 1,
      isOwnRecord: occurrence.isOwnRecord && isRecord,
    }
    this.object(named, nodes, inside)
  }

  private weigh(
    { name: type }: GraphQLNamedType,
    column: string,
    { times, maxRecords, isOwnRecord }: Occurrence,
  ): void {
    if (!VARIABLE_COLUMNS[type]?.has(column)) return
    const own = type === 'JobStateRecord' && isOwnRecord ? RECORD_IN_JOB[column] : undefined
    const weights = this.weights[own === undefined ? type : 'Job'] as Record<string, number>
    const added = type === 'JobStateRecord' ? times : times * maxRecords
    weights[own ?? column] = (weights[own ?? column] ?? 0) + added
  }

  private pageSize(field: GraphQLField<unknown, unknown>, nodes: readonly FieldNode[]): number {
    const { pageSize, defaultPageSize } = this.limits
    const [node] = nodes
    const { first, last } = node ? getArgumentValues(field, node, this.info.variableValues) : {}
    const size = first ?? last ?? defaultPageSize
    return typeof size === 'number' && size >= 0 ? Math.min(size, pageSize) : pageSize
  }
}

/** The columns that a field reads, as Pothos stores them. */
function columnsOf({ extensions }: GraphQLField<unknown, unknown>): string[] {
  const { pothosPrismaSelect: select } = extensions as { pothosPrismaSelect?: unknown }
  return typeof select === 'object' && select !== null ? Object.keys(select) : []
}

function isConnection({ name }: GraphQLObjectType): boolean {
  return name.endsWith('Connection')
}

function isList({ type }: GraphQLField<unknown, unknown>): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type)
}
