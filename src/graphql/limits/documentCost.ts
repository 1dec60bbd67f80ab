// Estimates the cost of an operation before it runs: the nodes on its pages, the items of its
// batches, and what the database reads to find them (fieldCost.ts). Walks the operation as the
// executor does: expands fragments, and merges fields with the same response name.
import {
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isAbstractType,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
  type OperationDefinitionNode,
} from 'graphql'
import { MAX_CLAIM_SIZE } from '../../ledger/limits.ts'
import { limitError } from './documentForm.ts'
import type { DocumentLimits } from './documentLimits.ts'
import { costOfField as declaredCost } from './fieldCost.ts'
import { type RequestedOperation, SelectedFields, type WithSelections } from './selectedFields.ts'

export interface PageSizes {
  readonly pageSize: number
  readonly defaultPageSize: number
}

/**
 * The cost of the operation.
 *
 * @throws GraphQLError with the code BAD_USER_INPUT if the operation is too deep or could touch too
 * much
 */
export function checkDocumentCost(requested: RequestedOperation, limits: DocumentLimits, pages: PageSizes): number {
  const operation = getOperationAST(requested.document, requested.operationName)
  const root = operation && requested.schema.getRootType(operation.operation)
  // The executor reports an operation that does not exist.
  if (!operation || !root) return 0
  const cost = new CostWalk(requested, operation, { limits, pages }).costOf(root, [operation], { depth: 1 })
  if (cost <= limits.cost) return cost
  throw limitError(
    `The operation could touch ${cost} nodes; the limit is ${limits.cost}. Request smaller ` +
      'pages (first, last) or fewer fields.',
    { cost, limit: limits.cost },
  )
}

/**
 * Where a field is in the operation: its depth, and the page of the list that it belongs to, if
 * any.
 */
interface Occurrence {
  readonly depth: number
  readonly page?: PlacePage | undefined
}

interface PlacePage {
  readonly size: number
  /** Costs of the fields that need another query, by name. */
  readonly fields: Readonly<Record<string, number>>
}

class CostWalk {
  private readonly schema: GraphQLSchema
  private readonly settings: { limits: DocumentLimits; pages: PageSizes }
  private readonly selected: SelectedFields

  constructor(
    requested: RequestedOperation,
    operation: OperationDefinitionNode,
    settings: { limits: DocumentLimits; pages: PageSizes },
  ) {
    this.schema = requested.schema
    this.settings = settings
    this.selected = new SelectedFields(requested, operation)
  }

  /**
   * The cost of the fields below `parents` for one object; the maximum over the types that the
   * object may have.
   */
  costOf(type: GraphQLCompositeType, parents: readonly WithSelections[], occurrence: Occurrence): number {
    const types = isAbstractType(type) ? this.schema.getPossibleTypes(type) : [type]
    return Math.max(0, ...types.map((possible) => this.costOfObject(possible, parents, occurrence)))
  }

  private costOfObject(type: GraphQLObjectType, parents: readonly WithSelections[], occurrence: Occurrence): number {
    const fields = this.selected.of(type, parents)
    const { depth } = this.settings.limits
    if (fields.length > 0 && occurrence.depth > depth)
      throw limitError(`The operation is nested more than ${depth} fields deep, which is the limit.`)
    return fields.reduce((sum, nodes) => sum + this.costOfField(type, nodes, occurrence), 0)
  }

  private costOfField(parent: GraphQLObjectType, nodes: FieldNode[], { depth, page }: Occurrence): number {
    const [node] = nodes
    const field = node && parent.getFields()[node.name.value]
    if (node === undefined || field === undefined) return 0
    const declared = declaredCost(field, this.selected.argumentsOf(node))
    const read = declared.read ?? 0
    const type = getNamedType(field.type)
    if (!isCompositeType(type)) return read + (page?.fields[field.name] ?? 0)
    if (isConnection(type)) return read + this.costOf(type, nodes, { depth: depth + 1, page: this.pageOf(field, node) })
    if (type.name === 'PageInfo') return this.costOf(type, nodes, { depth: depth + 1, page })
    const items = declared.items ?? this.itemsOf(field, node)
    const own = isEntity(type) || items !== undefined ? 1 : 0
    const times = items ?? (page && isList(field.type) ? page.size : 1)
    const jobCount = this.jobCount(node)
    const below = jobCount === undefined ? undefined : { size: jobCount, fields: {} }
    return read + times * (own + this.costOf(type, nodes, { depth: depth + 1, page: below }))
  }

  private pageOf(field: GraphQLField<unknown, unknown>, node: FieldNode): PlacePage {
    const args = this.selected.argumentsOf(node)
    const { read, count = 0 } = declaredCost(field, args)
    // Without a declared cost the page is read together with its parent. To look beyond the bound
    // of a page takes another read.
    const beyond = (bound: string): number => (read === undefined || args[bound] == null ? 0 : read + 1)
    return {
      size: this.pageSize(node),
      fields: { totalCount: count, hasNextPage: beyond('before'), hasPreviousPage: beyond('after') },
    }
  }

  /** The number of jobs that a mutation returns, by the leases or the limit in its input. */
  private jobCount(node: FieldNode): number | undefined {
    const input = this.argument(node, 'input')
    if (typeof input !== 'object' || input === null) return undefined
    const { leases, limit } = input as { leases?: unknown; limit?: unknown }
    if (Array.isArray(leases)) return leases.length
    return typeof limit === 'number' ? Math.min(Math.max(0, limit), MAX_CLAIM_SIZE) : undefined
  }

  // The resolver refuses a page that is too large.
  private pageSize(node: FieldNode): number {
    const { pageSize, defaultPageSize } = this.settings.pages
    const size = this.argument(node, 'first') ?? this.argument(node, 'last') ?? defaultPageSize
    return typeof size === 'number' && size >= 0 ? Math.min(size, pageSize) : pageSize
  }

  /** The length of the list in the arguments of the field: ids, or items of a batch. */
  private itemsOf({ args }: GraphQLField<unknown, unknown>, node: FieldNode): number | undefined {
    const list = args.find((arg) => isList(arg.type))
    const value = list && this.argument(node, list.name)
    if (list === undefined) return undefined
    return Array.isArray(value) ? value.length : 1
  }

  private argument(node: FieldNode, name: string): unknown {
    return this.selected.argumentsOf(node)[name]
  }
}

function isConnection(type: GraphQLCompositeType): boolean {
  return isObjectType(type) && type.name.endsWith('Connection')
}

/** Whether an object of the type is a row of the database. */
function isEntity(type: GraphQLCompositeType): boolean {
  if (type.extensions.isRow === true) return true
  return type.name === 'Node' || ('getInterfaces' in type && type.getInterfaces().some(({ name }) => name === 'Node'))
}

function isList(type: GraphQLInputType | GraphQLOutputType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type)
}
