// Resolves fields directly from the columns of their row. Otherwise Pothos would work out for every
// field of every row whether its columns were loaded. Only rows that lack a column go through
// Pothos.
import { type GraphQLField, type GraphQLFieldResolver, type GraphQLSchema, isObjectType } from 'graphql'

type Row = Readonly<Record<string, unknown>>
type Resolver = GraphQLFieldResolver<Row, unknown>

/** What Pothos stores in the extensions of a field. */
interface PothosExtensions {
  /** The columns and relations that the field needs; a function if they depend on arguments. */
  readonly pothosPrismaSelect?: unknown
  /** The field as declared. Its resolver assumes that the row is complete. */
  readonly pothosConfig?: { readonly resolve?: Resolver }
}

/** Replaces the resolvers of all fields that need only columns. */
export function resolveLoadedColumnsDirectly(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue
    for (const field of Object.values(type.getFields())) resolveDirectly(field)
  }
  return schema
}

function resolveDirectly(field: GraphQLField<Row, unknown>): void {
  const { pothosPrismaSelect: select, pothosConfig } = field.extensions as PothosExtensions
  const columns = columnsOf(select)
  const declaredResolve = pothosConfig?.resolve
  const loadingResolve = field.resolve
  if (columns === undefined || declaredResolve === undefined || loadingResolve === undefined || field.args.length > 0)
    return
  field.resolve = (row, args, context, info) => {
    // A loaded column without a value is null, not undefined.
    for (const column of columns) if (row[column] === undefined) return loadingResolve(row, args, context, info)
    return declaredResolve(row, args, context, info)
  }
}

function columnsOf(select: unknown): string[] | undefined {
  if (typeof select !== 'object' || select === null) return undefined
  const entries = Object.entries(select)
  return entries.every(([, isSelected]) => isSelected === true) ? entries.map(([name]) => name) : undefined
}
