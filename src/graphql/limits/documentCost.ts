// What an operation could touch, worked out before it runs: nodes by the sizes of the pages they are on, items of batches, and what is read to
// find them (fieldCost.ts).
// It follows the operation as the executor would: fragments taken apart, fields with the same name in the answer merged.
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
import { type DocumentLimits, tooMuch } from './documentLimits.ts'
import { costOfField as declaredCost } from './fieldCost.ts'

export interface AskedOperation {
  readonly schema: GraphQLSchema
  readonly document: DocumentNode
  readonly operationName: string | null | undefined
  readonly variables: Readonly<Record<string, unknown>>
}

export interface PageSizes {
  readonly pageSize: number
  readonly defaultPageSize: number
}

/** Fields and fragments that are looked at before an operation counts as too large in itself. */
const SELECTIONS = 20_000

/** The cost of the operation. @throws GraphQLError with the code BAD_USER_INPUT if the operation is too deep or could touch too much */
export function checkDocumentCost(asked: AskedOperation, limits: DocumentLimits, pages: PageSizes): number {
  const operation = getOperationAST(asked.document, asked.operationName)
  const root = operation && asked.schema.getRootType(operation.operation)
  // The executor says what is wrong with an operation that is not there.
  if (!operation || !root) return 0
  const cost = new CostWalk(asked, operation, { limits, pages }).costOf(root, [operation], { depth: 1 })
  if (cost <= limits.cost) return cost
  throw tooMuch(
    `The operation could touch ${cost} nodes; the limit is ${limits.cost}. Ask for smaller pages (first, last), or for less on each of them.`,
    { cost, limit: limits.cost },
  )
}

type WithSelections = Pick<OperationDefinitionNode | FieldNode, 'selectionSet'>

/** Where in an operation a field is: how deep, and on the page of which list if it is a field of one. */
interface Place {
  readonly depth: number
  readonly page?: PlacePage | undefined
}

interface PlacePage {
  readonly size: number
  /** What its fields cost that ask the database once more, by their names. */
  readonly fields: Readonly<Record<string, number>>
}

class CostWalk {
  private readonly asked: AskedOperation
  private readonly settings: { limits: DocumentLimits; pages: PageSizes }
  private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  private readonly variables: Readonly<Record<string, unknown>>
  private selections = 0

  constructor(
    asked: AskedOperation,
    operation: OperationDefinitionNode,
    settings: { limits: DocumentLimits; pages: PageSizes },
  ) {
    this.asked = asked
    this.settings = settings
    const definitions = asked.document.definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION)
    this.fragments = new Map(definitions.map((fragment) => [fragment.name.value, fragment]))
    const variables = (operation.variableDefinitions ?? []).map(({ variable: { name }, defaultValue }) => {
      const given = Object.hasOwn(asked.variables, name.value) ? asked.variables[name.value] : undefined
      return [name.value, given === undefined && defaultValue ? valueFromASTUntyped(defaultValue) : given]
    })
    this.variables = Object.fromEntries(variables)
  }

  /** What the fields below `parents` cost, for one object: of several types that it could have, the dearest. */
  costOf(type: GraphQLCompositeType, parents: readonly WithSelections[], place: Place): number {
    const types = isAbstractType(type) ? this.asked.schema.getPossibleTypes(type) : [type]
    return Math.max(0, ...types.map((possible) => this.costOfObject(possible, parents, place)))
  }

  private costOfObject(type: GraphQLObjectType, parents: readonly WithSelections[], place: Place): number {
    const groups = new Map<string, FieldNode[]>()
    const seen = new Set<string>()
    for (const { selectionSet } of parents) this.collect(type, selectionSet?.selections ?? [], { groups, seen })
    const { depth } = this.settings.limits
    if (groups.size > 0 && place.depth > depth)
      throw tooMuch(`The operation is more than ${depth} fields deep, which is the limit.`)
    return [...groups.values()].reduce((sum, nodes) => sum + this.costOfField(type, nodes, place), 0)
  }

  private costOfField(parent: GraphQLObjectType, nodes: FieldNode[], { depth, page }: Place): number {
    const [node] = nodes
    const field = node && parent.getFields()[node.name.value]
    if (node === undefined || field === undefined) return 0
    const read = declaredCost(field, this.argumentsOf(node)).read ?? 0
    const type = getNamedType(field.type)
    if (!isCompositeType(type)) return read + (page?.fields[field.name] ?? 0)
    if (isConnection(type)) return read + this.costOf(type, nodes, { depth: depth + 1, page: this.pageOf(field, node) })
    if (type.name === 'PageInfo') return this.costOf(type, nodes, { depth: depth + 1, page })
    const items = this.itemsOf(field, node)
    const own = isEntity(type) || items !== undefined ? 1 : 0
    const times = items ?? (page && isList(field.type) ? page.size : 1)
    const handedOut = this.handedOut(node)
    const below = handedOut === undefined ? undefined : { size: handedOut, fields: {} }
    return read + times * (own + this.costOf(type, nodes, { depth: depth + 1, page: below }))
  }

  private pageOf(field: GraphQLField<unknown, unknown>, node: FieldNode): PlacePage {
    const args = this.argumentsOf(node)
    const { read, count = 0 } = declaredCost(field, args)
    // Where nothing is declared the page is read with what it belongs to. Beyond a bound a list is read once more.
    const beyond = (bound: string): number => (read === undefined || args[bound] == null ? 0 : read + 1)
    return {
      size: this.pageSize(node),
      fields: { totalCount: count, hasNextPage: beyond('before'), hasPreviousPage: beyond('after') },
    }
  }

  /** How many jobs a mutation answers with whose input says so: by the leases it extends, or by the limit of a claim. */
  private handedOut(node: FieldNode): number | undefined {
    const input = this.argument(node, 'input')
    if (typeof input !== 'object' || input === null) return undefined
    const { leases, limit } = input as { leases?: unknown; limit?: unknown }
    if (Array.isArray(leases)) return leases.length
    return typeof limit === 'number' ? Math.min(Math.max(0, limit), MAX_CLAIM_SIZE) : undefined
  }

  /** The fields of an object of `type`, by their names in the answer. Fragments may not go round in circles: they are valid. */
  private collect(
    type: GraphQLObjectType,
    selections: readonly SelectionNode[],
    into: { groups: Map<string, FieldNode[]>; seen: Set<string> },
  ): void {
    for (const selection of selections) {
      this.count()
      if (this.isLeftOut(selection)) continue
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
    if (this.selections <= SELECTIONS) return
    throw tooMuch(`The operation comes to more than ${SELECTIONS} fields and fragments, which is the limit.`)
  }

  /** By @skip or @include. */
  private isLeftOut({ directives = [] }: SelectionNode): boolean {
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
    const wanted = condition && this.asked.schema.getType(condition.name.value)
    return (
      wanted === undefined || wanted === type || (isAbstractType(wanted) && this.asked.schema.isSubType(wanted, type))
    )
  }

  // A page that is larger than allowed is refused by name when it comes to be read.
  private pageSize(node: FieldNode): number {
    const { pageSize, defaultPageSize } = this.settings.pages
    const asked = this.argument(node, 'first') ?? this.argument(node, 'last') ?? defaultPageSize
    return typeof asked === 'number' && asked >= 0 ? Math.min(asked, pageSize) : pageSize
  }

  /** How many things the field is asked for by a list in its arguments: ids, items of a batch. */
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

/** What has an id, is a row. */
function isEntity(type: GraphQLCompositeType): boolean {
  return type.name === 'Node' || ('getInterfaces' in type && type.getInterfaces().some(({ name }) => name === 'Node'))
}

function isList(type: GraphQLInputType | GraphQLOutputType): boolean {
  return isListType(isNonNullType(type) ? type.ofType : type)
}
