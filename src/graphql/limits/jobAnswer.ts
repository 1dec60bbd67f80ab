// What a mutation needs to know before it runs of the jobs that its answer shows: which columns to read, and how many bytes the answer
// has for each byte of them. It follows the selection as the executor would, but takes fragments on all types for fitting.
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
} from 'graphql'
import { type AnswerShape, type JobAnswer, RECORD_IN_JOB, type Weights } from '../../ledger/jobAnswer.ts'
import type { Limits } from '../../ledger/limits.ts'
import type { GraphQLContext } from '../context.ts'
import { fieldsOf, jobSelections } from '../loading/selection.ts'

/** The fields of results that show jobs, records of their transitions, and results. */
const SHOWN: Readonly<Record<string, string>> = {
  job: 'Job',
  existingJob: 'Job',
  jobs: 'Job',
  extended: 'Job',
  record: 'JobStateRecord',
  result: 'JobResult',
}

/** The columns of any length. */
const VARIABLE: Readonly<Record<string, ReadonlySet<string>>> = {
  Job: new Set(['userId', 'content', 'preset', 'stateReason', 'stateActor', 'stateMetadata', 'metadata']),
  JobStateRecord: new Set(['reason', 'error', 'stateMetadata', 'actor']),
  JobResult: new Set(['output', 'errorMessage']),
}

/** Of a field, beside its name: an id or an instant, and punctuation. */
const FIXED_BYTES = 60
/** So little for each job that the number of jobs bounds it. */
const SMALL_BYTES = 2048

/** What the mutation that is just resolved returns of its jobs. */
export function jobAnswer(context: GraphQLContext, info: GraphQLResolveInfo): JobAnswer {
  const fields = new Set<string>()
  for (const field of ['job', 'existingJob', 'jobs', 'extended']) {
    for (const selection of jobSelections(context, info, field)) {
      for (const [name, asked] of Object.entries(selection)) if (asked === true) fields.add(name)
    }
  }
  const shape = shapeOf(info, context.ledger.limits)
  return { fields, bound: isSmall(shape) ? undefined : { shape, budget: context.answerBudget } }
}

function isSmall({ fixedBytes, ...weights }: AnswerShape): boolean {
  const variable = [weights.job, weights.record, weights.result].flatMap(Object.keys)
  return variable.length === 0 && fixedBytes <= SMALL_BYTES
}

function shapeOf(info: GraphQLResolveInfo, limits: Limits): AnswerShape {
  const walk = new SelectionWalk(info, limits)
  for (const [, nodes] of walk.fieldsBelow(info.fieldNodes)) {
    const type = info.schema.getType(SHOWN[nodes[0]?.name.value ?? ''] ?? '')
    if (isObjectType(type)) walk.object(type, nodes, { times: 1, most: 1, isOwnRecord: true })
  }
  return walk.shape
}

/** How often an object is in the answer. */
interface Place {
  /** For one job of the answer, and one record of a page. */
  readonly times: number
  /** How many records the page has at most that it is on. */
  readonly most: number
  /** It is the record of the transition that the mutation makes, whose facts are in the job too. */
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

  get shape(): AnswerShape {
    const of = (type: string): Weights => this.weights[type] ?? {}
    return {
      fixedBytes: this.fixedBytes,
      job: of('Job'),
      record: of('JobStateRecord'),
      records: this.records,
      result: of('JobResult'),
    }
  }

  /** What `nodes`, which have the same name in the answer, show of an object. */
  object(type: GraphQLObjectType, nodes: readonly FieldNode[], place: Place): void {
    for (const [key, group] of this.fieldsBelow(nodes)) {
      this.fixedBytes += (key.length + FIXED_BYTES) * place.times * place.most
      const field = type.getFields()[group[0]?.name.value ?? '']
      if (field) this.field({ type, field }, group, place)
    }
  }

  /** The fields that `nodes` select, by their names in the answer. */
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
    place: Place,
  ): void {
    const named = getNamedType(field.type)
    if (!isObjectType(named)) {
      for (const column of columnsOf(field)) this.weigh(type, column, place)
      return
    }
    if (isConnection(named)) {
      const most = this.pageSize(field, nodes)
      this.records = Math.max(this.records, most)
      this.object(named, nodes, { times: place.times * place.most, most, isOwnRecord: false })
      return
    }
    // Of a connection, its list is as long as the page; the rest of it is there once.
    const isOnPage = !isConnection(type) || isList(field)
    const isRecord = named.name === 'JobStateRecord'
    const inside = { ...place, most: isOnPage ? place.most : 1, isOwnRecord: place.isOwnRecord && isRecord }
    this.object(named, nodes, inside)
  }

  private weigh({ name: type }: GraphQLNamedType, column: string, { times, most, isOwnRecord }: Place): void {
    if (!VARIABLE[type]?.has(column)) return
    const own = type === 'JobStateRecord' && isOwnRecord ? RECORD_IN_JOB[column] : undefined
    const weights = this.weights[own === undefined ? type : 'Job'] as Record<string, number>
    const added = type === 'JobStateRecord' ? times : times * most
    weights[own ?? column] = (weights[own ?? column] ?? 0) + added
  }

  private pageSize(field: GraphQLField<unknown, unknown>, nodes: readonly FieldNode[]): number {
    const { pageSize, defaultPageSize } = this.limits
    const [node] = nodes
    const { first, last } = node ? getArgumentValues(field, node, this.info.variableValues) : {}
    const asked = first ?? last ?? defaultPageSize
    return typeof asked === 'number' && asked >= 0 ? Math.min(asked, pageSize) : pageSize
  }
}

/** The columns that a field shows, as Pothos keeps them. */
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
