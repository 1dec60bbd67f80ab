// Plans the objects of a document: what to read of their rows, and how to write them. What a field
// needs comes from where it is declared (types/): the column that it exposes, the relation that it
// follows, or the columns that its resolver takes.
import type { FieldNode, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema } from 'graphql'
import { getNamedType, isNonNullType, isObjectType } from 'graphql'
import { MAX_RELATION_DEPTH } from '../../database/rows/textRows.ts'
import { relatedRow } from '../../database/rows/textSql.ts'
import type { GraphQLContext } from '../context.ts'
import type { SelectedFields, WithSelections } from '../limits/selectedFields.ts'
import { planHistory } from './history.ts'
import { columnWriter, type Write, writeValue } from './leaves.ts'
import { type Field, joined, type ObjectPlanner, type PlacedField, type Rows, type Selected } from './placedField.ts'
import { Unplanned } from './unplanned.ts'

/** What Pothos and we keep in the extensions of a field. */
interface FieldExtensions {
  readonly pothosExposedField?: string
  readonly pothosPrismaRelationField?: { readonly name: string }
  /** The columns that the resolver takes. */
  readonly pothosPrismaSelect?: unknown
  /** The field as declared, without what plugins put around its resolver. */
  readonly pothosConfig?: {
    readonly resolve?: (row: unknown, args: object, context: GraphQLContext, info: GraphQLResolveInfo) => unknown
  }
  readonly history?: true
}

/** The number of fields that the plans of one document may still have. */
export interface FieldBudget {
  left: number
}

export class Planner implements ObjectPlanner {
  readonly schema: GraphQLSchema
  private readonly selected: SelectedFields
  private readonly budget: FieldBudget

  constructor(schema: GraphQLSchema, selected: SelectedFields, budget: FieldBudget) {
    this.schema = schema
    this.selected = selected
    this.budget = budget
  }

  fieldsOf(type: GraphQLObjectType, parents: readonly WithSelections[]): Selected[] {
    const fields = type.getFields()
    const selected = this.selected.of(type, parents)
    this.budget.left -= selected.length
    if (this.budget.left < 0) throw new Unplanned('The plans of the document would be too large.')
    return selected.map((nodes) => {
      const [{ name, alias }] = nodes as [FieldNode]
      const key = (alias ?? name).value
      if (name.value === '__typename') return { key, placed: undefined }
      const field = fields[name.value] as Field | undefined
      if (field === undefined) throw new Unplanned('Introspection is not planned.')
      return { key, placed: { key, field, nodes } }
    })
  }

  object(type: GraphQLObjectType, parents: readonly WithSelections[], rows: Rows): Write {
    return joined(type, this.fieldsOf(type, parents), (placed) => this.fieldOf(type, placed, rows))
  }

  private fieldOf(type: GraphQLObjectType, placed: PlacedField, rows: Rows): Write {
    const { field, nodes } = placed
    const extensions = field.extensions as FieldExtensions
    if (extensions.pothosExposedField !== undefined)
      return columnWriter(rows, extensions.pothosExposedField, field.type)
    if (isGlobalId(type, field)) return globalIdWriter(type, rows)
    const { history, pothosPrismaRelationField: relation } = extensions
    if (!history && relation === undefined) return computed(field, extensions, rows)
    if (rows.depth === MAX_RELATION_DEPTH) throw new Unplanned('The relations are nested too deeply.')
    return relation === undefined
      ? planHistory(this, placed, rows)
      : this.relation({ field, nodes }, relation.name, rows)
  }

  private relation({ field, nodes }: Pick<PlacedField, 'field' | 'nodes'>, name: string, rows: Rows): Write {
    const type = getNamedType(field.type)
    if (!isObjectType(type) || field.args.length > 0) throw new Unplanned(`${field.name} is not a plain relation.`)
    const { index, rows: related } = rows.relation(name)
    const write = this.object(type, nodes, related)
    const isRequired = isNonNullType(field.type)
    return (row, request) => {
      const found = relatedRow(row[index] as string | null, related.depth)
      if (found !== undefined) return write(found, request)
      if (isRequired) throw new Unplanned(`${field.name} has no row.`)
      return 'null'
    }
  }
}

function isGlobalId(type: GraphQLObjectType, { name }: Field): boolean {
  return name === 'id' && type.getInterfaces().some((one) => one.name === 'Node')
}

function globalIdWriter({ name }: GraphQLObjectType, rows: Rows): Write {
  const index = rows.column('id')
  const prefix = `${name}:`
  return (row) => `"${Buffer.from(prefix + row[index]).toString('base64')}"`
}

/** A field whose resolver takes only columns. */
function computed(field: Field, { pothosPrismaSelect: select, pothosConfig }: FieldExtensions, rows: Rows): Write {
  const resolve = pothosConfig?.resolve
  if (typeof select !== 'object' || select === null || resolve === undefined || field.args.length > 0)
    throw new Unplanned(`A plan cannot read ${field.name}.`)
  const readers = Object.keys(select).map((name) => [name, rows.reader(name)] as const)
  return (row, request) => {
    const columns = Object.fromEntries(readers.map(([name, read]) => [name, read(row)]))
    return writeValue(field.type, resolve(columns, {}, request.context, request.info))
  }
}
