// Random queries that are valid for the schema: fields, aliases, fragments on types and interfaces,
// `__typename`, conditions, arguments, connections in both directions, several root fields.
import fc from 'fast-check'
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
} from 'graphql'

/** Values for arguments and for fields of filters, by their names; `DateTime` for all instants. */
export type ArgumentPool = Readonly<Record<string, readonly unknown[]>>

export interface RandomQuery {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

export interface RandomQueryOptions {
  readonly schema: GraphQLSchema
  readonly rootFields: readonly string[]
  readonly pool: ArgumentPool
}

const MAX_DEPTH = 7

export function randomQuery(options: RandomQueryOptions): fc.Arbitrary<RandomQuery> {
  return fc.gen().map((gen) => new QueryWriter(options, gen).query())
}

class QueryWriter {
  private readonly options: RandomQueryOptions
  private readonly gen: fc.GeneratorValue
  private readonly variables: Record<string, unknown> = {}
  private readonly definitions: string[] = []
  private readonly fragments: string[] = []
  private fields = 0

  constructor(options: RandomQueryOptions, gen: fc.GeneratorValue) {
    this.options = options
    this.gen = gen
  }

  query(): RandomQuery {
    const { schema, rootFields } = this.options
    const type = schema.getQueryType() as GraphQLObjectType
    const count = this.oneIn(4) ? 2 : 1
    const roots = Array.from({ length: count }, () =>
      this.field(type, type.getFields()[this.pick(rootFields)] as Field, 0),
    )
    const typename = this.oneIn(12) ? ['__typename'] : []
    const head = this.definitions.length === 0 ? '' : `(${this.definitions.join(', ')})`
    const query = `query ${head} { ${[...roots, ...typename].join(' ')} } ${this.fragments.join(' ')}`
    return { query, variables: this.variables }
  }

  private selection(type: GraphQLObjectType, depth: number): string {
    const all = Object.values(type.getFields()) as Field[]
    const possible = all.filter((field) => depth < MAX_DEPTH || !isObjectType(getNamedType(field.type)))
    const count = this.integer(1, 5)
    const parts: string[] = []
    for (let index = 0; index < count; index += 1) {
      if (possible.length === 0 || this.oneIn(10)) parts.push(this.aliased('__typename'))
      else parts.push(this.field(type, this.pick(possible), depth))
    }
    return `{ ${parts.join(' ')} }`
  }

  private field(type: GraphQLObjectType, field: Field, depth: number): string {
    this.fields += 1
    const text = this.plainField(field, depth)
    return this.wrapped(type, text)
  }

  private plainField(field: Field, depth: number): string {
    const args = this.argumentsOf(field)
    const named = getNamedType(field.type)
    const name = this.aliased(field.name, args !== '' || isObjectType(named))
    const below = isObjectType(named)
      ? this.selection(named, depth + 1)
      : isInterfaceType(named)
        ? this.ofNode(depth)
        : ''
    return `${name}${args}${this.condition()} ${below}`
  }

  /** Selections of `node` and `nodes`. */
  private ofNode(depth: number): string {
    const types = ['Job', 'JobStateRecord', 'JobResult']
    const parts = types.map(
      (name) => `... on ${name} ${this.selection(this.options.schema.getType(name) as GraphQLObjectType, depth + 1)}`,
    )
    return `{ __typename ${this.oneIn(2) ? 'id' : ''} ${parts.filter(() => !this.oneIn(4)).join(' ')} }`
  }

  /** The field, perhaps in a fragment. */
  private wrapped(type: GraphQLObjectType, text: string): string {
    if (this.oneIn(10)) return `... ${this.condition()} { ${text} }`
    if (this.oneIn(10)) return `... on ${type.name} { ${text} }`
    if (this.oneIn(10) && type.getInterfaces().length > 0) return `... on Node { id __typename } ${text}`
    if (!this.oneIn(12)) return text
    const name = `F${this.fragments.length}`
    this.fragments.push(`fragment ${name} on ${type.name} { ${text} }`)
    return `...${name}${this.condition()} ${this.oneIn(3) ? `...${name}` : ''}`
  }

  /**
   * An alias where other arguments or selections could not be merged with those of the same field.
   */
  private aliased(name: string, mustBeUnique = false): string {
    if (mustBeUnique) return `a${this.fields}: ${name}`
    return this.oneIn(8) ? `${name}_${this.integer(0, 2)}: ${name}` : name
  }

  private condition(): string {
    if (!this.oneIn(12)) return ''
    const directive = this.pick(['skip', 'include'])
    if (this.oneIn(3)) return ` @${directive}(if: ${this.oneIn(2)})`
    return ` @${directive}(if: ${this.variable('Boolean!', this.oneIn(2))})`
  }

  private argumentsOf(field: Field): string {
    const given = field.args.filter((arg) => isNonNullType(arg.type) || this.oneIn(2)).map((arg) => this.argument(arg))
    return given.length === 0 ? '' : `(${given.join(', ')})`
  }

  private argument({ name, type }: GraphQLArgument): string {
    const value = this.valueOf(name, type)
    if (!this.oneIn(3)) return `${name}: ${this.variable(String(type), value)}`
    return `${name}: ${literal(value, type)}`
  }

  private variable(type: string, value: unknown): string {
    const name = `v${this.definitions.length}`
    this.definitions.push(`$${name}: ${type}`)
    this.variables[name] = value
    return `$${name}`
  }

  private valueOf(name: string, type: GraphQLInputType): unknown {
    if (isNonNullType(type)) return this.valueOf(name, type.ofType)
    const pool = this.options.pool[isScalarType(type) && type.name === 'DateTime' ? 'DateTime' : name]
    if (pool) return this.pick(pool)
    if (isListType(type)) return Array.from({ length: this.integer(0, 3) }, () => this.valueOf(name, type.ofType))
    if (isEnumType(type)) return this.pick(type.getValues()).name
    if (!isInputObjectType(type)) throw new Error(`There are no values for the argument ${name}: ${type}.`)
    const fields = Object.values(type.getFields())
    const count = Math.min(fields.length, this.integer(0, 2))
    const chosen = Array.from({ length: count }, () => this.pick(fields))
    return Object.fromEntries(chosen.map((field) => [field.name, this.valueOf(field.name, field.type)]))
  }

  private oneIn(count: number): boolean {
    return this.integer(1, count) === 1
  }

  private integer(min: number, max: number): number {
    return this.gen(fc.integer, { min, max })
  }

  private pick<T>(values: readonly T[]): T {
    return values[this.integer(0, values.length - 1)] as T
  }
}

type Field = GraphQLField<unknown, unknown>

/** A value as it stands in a document. */
function literal(value: unknown, type: GraphQLInputType): string {
  if (isNonNullType(type)) return literal(value, type.ofType)
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value) && isListType(type)) return `[${value.map((item) => literal(item, type.ofType)).join(', ')}]`
  if (isEnumType(type)) return String(value)
  if (isInputObjectType(type)) {
    const fields = type.getFields()
    const members = Object.entries(value as object).map(
      ([name, member]) => `${name}: ${literal(member, fields[name]?.type as GraphQLInputType)}`,
    )
    return `{ ${members.join(', ')} }`
  }
  return jsonLiteral(value)
}

function jsonLiteral(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(jsonLiteral).join(', ')}]`
  return `{ ${Object.entries(value)
    .map(([name, member]) => `${name}: ${jsonLiteral(member)}`)
    .join(', ')} }`
}
