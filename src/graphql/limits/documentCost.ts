// Estimates the cost of an operation before it runs: the nodes on its pages, the items of its
// batches, and what the database reads to find them (fieldCost.ts). Walks the operation as the
// executor does: expands fragments, and merges fields with the same response name.
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type FragmentSpreadNode,
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
  Kind,
  type NamedTypeNode,
  type OperationDefinitionNode,
  type SelectionNode,
  valueFromASTUntyped,
} from 'graphql'
import { MAX_CLAIM_SIZE } from '../../ledger/limits.ts'
import { limitError } from './documentForm.ts'
import type { DocumentLimits } from './documentLimits.ts'
import { costOfField as declaredCost } from './fieldCost.ts'

export interface RequestedOperation {
  readonly schema: GraphQLSchema
  readonly document: DocumentNode
  readonly operationName: string | null | undefined
  readonly variables: Readonly<Record<string, unknown>>
}

export interface PageSizes {
  readonly pageSize: number
  readonly defaultPageSize: number
}

/** Maximum number of fields and fragments to visit in an operation. */
const MAX_SELECTIONS = 20_000

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

type WithSelections = Pick<OperationDefinitionNode | FieldNode, 'selectionSet'>

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
  private readonly requested: RequestedOperation
  private readonly settings: { limits: DocumentLimits; pages: PageSizes }
  private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  private readonly variables: Readonly<Record<string, unknown>>
  private selections = 0

  constructor(
    requested: RequestedOperation,
    operation: OperationDefinitionNode,
    settings: { limits: DocumentLimits; pages: PageSizes },
  ) {
    this.requested = requested
    this.settings = settings
    const definitions = requested.document.definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION)
    this.fragments = new Map(definitions.map((fragment) => [fragment.name.value, fragment]))
    const variables = (operation.variableDefinitions ?? []).map(({ variable: { name }, defaultValue }) => {
      const given = Object.hasOwn(requested.variables, name.value) ? requested.variables[name.value] : undefined
      return [name.value, given === undefined && defaultValue ? valueFromASTUntyped(defaultValue) : given]
    })
    this.variables = Object.fromEntries(variables)
  }

  /**
   * The cost of the fields below `parents` for one object; the maximum over the types that the
   * object may have.
   */
  costOf(type: GraphQLCompositeType, parents: readonly WithSelections[], occurrence: Occurrence): number {
    const types = isAbstractType(type) ? this.requested.schema.getPossibleTypes(type) : [type]
    return Math.max(0, ...types.map((possible) => this.costOfObject(possible, parents, occurrence)))
  }

  private costOfObject(type: GraphQLObjectType, parents: readonly WithSelections[], occurrence: Occurrence): number {
    const groups = new Map<string, FieldNode[]>()
    const seen = new Set<string>()
    for (const { selectionSet } of parents) this.collect(type, selectionSet?.selections ?? [], { groups, seen })
    const { depth } = this.settings.limits
    if (groups.size > 0 && occurrence.depth > depth)
      throw limitError(`The operation is nested more than ${depth} fields deep, which is the limit.`)
    return [...groups.values()].reduce((sum, nodes) => sum + this.costOfField(type, nodes, occurrence), 0)
  }

  private costOfField(parent: GraphQLObjectType, nodes: FieldNode[], { depth, page }: Occurrence): number {
    const [node] = nodes
    const field = node && parent.getFields()[node.name.value]
    if (node === undefined || field === undefined) return 0
    const declared = declaredCost(field, this.argumentsOf(node))
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
    const args = this.argumentsOf(node)
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

  /**
   * Groups the fields of an object of `type` by response name. Validation has already refused
   * fragment cycles.
   */
  private collect(
    type: GraphQLObjectType,
    selections: readonly SelectionNode[],
    into: { groups: Map<string, FieldNode[]>; seen: Set<string> },
  ): void {
    for (const selection of selections) {
      this.count()
      if (this.isSkipped(selection)) continue
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value
        const group = into.groups.get(key)
        if (group) group.push(selection)
        else into.groups.set(key, [selection])
        continue
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : this.fragmentOf(selection, into.seen)
      if (fragment && this.fits(type, fragment.typeCondition))
        this.collect(type, fragment.selectionSet.selections, into)
    }
  }

  private count(): void {
    this.selections += 1
    if (this.selections <= MAX_SELECTIONS) return
    throw limitError(`The operation has more than ${MAX_SELECTIONS} fields and fragments, which is the limit.`)
  }

  private isSkipped({ directives = [] }: SelectionNode): boolean {
    return directives.some(({ name, arguments: args = [] }) => {
      const condition = args.find((argument) => argument.name.value === 'if')?.value
      const value = condition && valueFromASTUntyped(condition, this.variables)
      return (name.value === 'skip' && value === true) || (name.value === 'include' && value === false)
    })
  }

  private fragmentOf({ name }: FragmentSpreadNode, seen: Set<string>): FragmentDefinitionNode | undefined {
    if (seen.has(name.value)) return undefined
    seen.add(name.value)
    return this.fragments.get(name.value)
  }

  private fits(type: GraphQLObjectType, condition: NamedTypeNode | undefined): boolean {
    const wanted = condition && this.requested.schema.getType(condition.name.value)
    return (
      wanted === undefined ||
      wanted === type ||
      (isAbstractType(wanted) && this.requested.schema.isSubType(wanted, type))
    )
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
    return this.argumentsOf(node)[name]
  }

  private argumentsOf({ arguments: args = [] }: FieldNode): Readonly<Record<string, unknown>> {
    return Object.fromEntries(args.map(({ name, value }) => [name.value, valueFromASTUntyped(value, this.variables)]))
  }
}

function isConnection(type: GraphQLCompositeType): boolean {
  return isObjectType(type) && type.name.endsWith('Connection')
}

/** Whether an object of the type is a row of the database. */
function isEntity(type: GraphQLCompositeType): boolean {
  return type.name === 'Node' || ('getInterfaces' in type && type.getInterfaces().some(({ name }) => name === 'Node'))
}

function isList(type: GraphQLInputType | GraphQLOutputType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type)
}
