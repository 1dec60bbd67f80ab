// The selected fields of objects, and how an object is written from them.
import type { FieldNode, GraphQLField, GraphQLObjectType, GraphQLSchema } from 'graphql'
import type { TextRows } from '../../database/rows/textRows.ts'
import type { WithSelections } from '../limits/selectedFields.ts'
import type { FieldRequest } from './fieldRequest.ts'
import type { Write } from './leaves.ts'

export type Rows = TextRows<FieldRequest>
export type Field = GraphQLField<unknown, unknown>

/** A field of an object, with all places that select it. */
export interface PlacedField {
  /** Its name in the response. */
  readonly key: string
  readonly field: Field
  readonly nodes: readonly FieldNode[]
}

/** A selected name of an object: a field, or `__typename`. */
export interface Selected {
  readonly key: string
  readonly placed: PlacedField | undefined
}

/** Plans the objects of a document (planner.ts). */
export interface ObjectPlanner {
  readonly schema: GraphQLSchema
  /** The selected fields of a type, in the order of the response. */
  fieldsOf(type: GraphQLObjectType, parents: readonly WithSelections[]): Selected[]
  /** An object of the type with a row. @throws Unplanned */
  object(type: GraphQLObjectType, parents: readonly WithSelections[], rows: Rows): Write
}

export type WriteFrom<Source> = (source: Source, request: FieldRequest) => string

/** Writes an object from what writes each of its fields. */
export function joined<Source>(
  type: GraphQLObjectType,
  selected: readonly Selected[],
  writerOf: (placed: PlacedField) => WriteFrom<Source>,
): WriteFrom<Source> {
  const typename = JSON.stringify(type.name)
  const parts = selected.map(({ key, placed }, index) => ({
    name: `${index === 0 ? '' : ','}${JSON.stringify(key)}:`,
    write: placed === undefined ? () => typename : writerOf(placed),
  }))
  return (source, request) => {
    let text = '{'
    for (const { name, write } of parts) text += name + write(source, request)
    return `${text}}`
  }
}
