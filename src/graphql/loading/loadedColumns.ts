// Fields that show columns of a row take them from the row where it has them. Pothos asks for each field of each row by which query the row
// was loaded, in order to load what that left out; it is asked only when something is missing.
import { type GraphQLField, type GraphQLFieldResolver, type GraphQLSchema, isObjectType } from 'graphql'

type Row = Readonly<Record<string, unknown>>
type Resolver = GraphQLFieldResolver<Row, unknown>

/** What Pothos notes of a field. */
interface FieldNotes {
  /** What the field needs of its row; a function where that depends on arguments. */
  readonly pothosPrismaSelect?: unknown
  /** The field as it was declared, with the resolver that takes a row for complete. */
  readonly pothosConfig?: { readonly resolve?: Resolver }
}

/** Changes the resolvers of all fields that need nothing but columns. */
export function resolveLoadedColumnsDirectly(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue
    for (const field of Object.values(type.getFields())) takeLoaded(field)
  }
  return schema
}

function takeLoaded(field: GraphQLField<Row, unknown>): void {
  const { pothosPrismaSelect: select, pothosConfig } = field.extensions as FieldNotes
  const columns = columnsOf(select)
  const declared = pothosConfig?.resolve
  const loading = field.resolve
  if (columns === undefined || declared === undefined || loading === undefined || field.args.length > 0) return
  field.resolve = (row, args, context, info) => {
    // A column without a value is null.
    for (const column of columns) if (row[column] === undefined) return loading(row, args, context, info)
    return declared(row, args, context, info)
  }
}

function columnsOf(select: unknown): string[] | undefined {
  if (typeof select !== 'object' || select === null) return undefined
  const entries = Object.entries(select)
  return entries.every(([, asked]) => asked === true) ? entries.map(([name]) => name) : undefined
}
