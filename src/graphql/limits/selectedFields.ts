// The fields that an operation selects, as the executor collects them: fragments expanded, fields
// with the same response name merged, skipped ones left out.
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type FragmentSpreadNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  Kind,
  type NamedTypeNode,
  type OperationDefinitionNode,
  type SelectionNode,
  valueFromASTUntyped,
} from 'graphql'
import { limitError } from './documentForm.ts'

export interface RequestedOperation {
  readonly schema: GraphQLSchema
  readonly document: DocumentNode
  readonly operationName: string | null | undefined
  readonly variables: Readonly<Record<string, unknown>>
}

/** Maximum number of fields and fragments to visit in an operation. */
const MAX_SELECTIONS = 20_000

export type WithSelections = Pick<OperationDefinitionNode | FieldNode, 'selectionSet'>

export class SelectedFields {
  private readonly schema: GraphQLSchema
  private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  private readonly variables: Readonly<Record<string, unknown>>
  private selections = 0

  constructor({ schema, document, variables: given }: RequestedOperation, operation: OperationDefinitionNode) {
    this.schema = schema
    const definitions = document.definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION)
    this.fragments = new Map(definitions.map((fragment) => [fragment.name.value, fragment]))
    const variables = (operation.variableDefinitions ?? []).map(({ variable: { name }, defaultValue }) => {
      const value = Object.hasOwn(given, name.value) ? given[name.value] : undefined
      return [name.value, value === undefined && defaultValue ? valueFromASTUntyped(defaultValue) : value]
    })
    this.variables = Object.fromEntries(variables)
  }

  /**
   * The fields that `parents` select of an object of the type; those with the same response name
   * together.
   *
   * @throws GraphQLError with the code BAD_USER_INPUT after too many selections
   */
  of(type: GraphQLObjectType, parents: readonly WithSelections[]): FieldNode[][] {
    const groups = new Map<string, FieldNode[]>()
    const seen = new Set<string>()
    for (const { selectionSet } of parents) this.collect(type, selectionSet?.selections ?? [], { groups, seen })
    return [...groups.values()]
  }

  argumentsOf({ arguments: args = [] }: FieldNode): Readonly<Record<string, unknown>> {
    return Object.fromEntries(args.map(({ name, value }) => [name.value, valueFromASTUntyped(value, this.variables)]))
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
    const wanted = condition && this.schema.getType(condition.name.value)
    return wanted === undefined || wanted === type || (isAbstractType(wanted) && this.schema.isSubType(wanted, type))
  }
}
