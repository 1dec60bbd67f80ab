// Finds out which columns and relations a query needs of the rows that a resolver is about to read or write.
import { queryFromInfo } from '@pothos/plugin-prisma'
import {
  type FieldNode,
  GraphQLIncludeDirective,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getDirectiveValues,
  Kind,
  type SelectionNode,
} from 'graphql'
import type { GraphQLContext } from '../context.ts'

type Path = GraphQLResolveInfo['path']

/**
 * The Prisma `select` for the rows of a connection whose nodes are objects of `typeName`: what the query reads of them.
 *
 * Pothos' own search keeps only the last of several occurrences of a path, as fragments make them; here they are merged first.
 */
export function connectionSelection<Select>(
  context: GraphQLContext,
  info: GraphQLResolveInfo,
  typeName: string,
): Select {
  const places = [...placesOf(info, ['edges', 'node']), ...placesOf(info, ['nodes'])]
  // Of a second place (`edges` beside `nodes`, or an alias) Pothos loads the rows when it meets them: to merge the places could
  // mix up the arguments of their fields.
  const [first] = places
  return (first ? planSelection(context, info, typeName, first) : { id: true }) as Select
}

/**
 * Tells Pothos that the object of `typeName` in `field` of the result is a row with all of its columns, so that it loads only
 * relations. Without it Pothos reads again what a mutation has just written.
 */
export function markRowLoaded(
  context: GraphQLContext,
  info: GraphQLResolveInfo,
  typeName: string,
  field: string,
): void {
  for (const place of placesOf(info, [field])) planSelection(context, info, typeName, place)
}

/**
 * The Prisma `select` of each place in which the answer of a mutation shows jobs as `field`. Pothos takes the columns in it for loaded.
 */
export function jobSelections(context: GraphQLContext, info: GraphQLResolveInfo, field: string): object[] {
  return placesOf(info, [field]).map((place) => planSelection(context, info, 'Job', place) ?? {})
}

/** The Prisma `select` for the object of `typeName` in `field` of the result: what the operation reads of it. */
export function fieldSelection<Select>(
  context: GraphQLContext,
  info: GraphQLResolveInfo,
  typeName: string,
  field: string,
): Select {
  const [first] = placesOf(info, [field])
  return (first ? planSelection(context, info, typeName, first) : { id: true }) as Select
}

// Where the query reads objects: the occurrences of a path that have the same names in the answer count as one.
function placesOf(info: GraphQLResolveInfo, fields: string[]): Occurrence[] {
  const root = [{ nodes: [...info.fieldNodes], path: info.path }]
  return fields.reduce<Occurrence[]>(
    (parents, field) => byPath(parents.flatMap((parent) => occurrences(parent, field, info))),
    root,
  )
}

function planSelection(
  context: GraphQLContext,
  info: GraphQLResolveInfo,
  typeName: string,
  { nodes, path }: Occurrence,
): object | undefined {
  const selections = nodes.flatMap((node) => node.selectionSet?.selections ?? [])
  const merged = { ...nodes[0], selectionSet: { kind: Kind.SELECTION_SET, selections } } as FieldNode
  const query = queryFromInfo({ context, info: { ...info, fieldNodes: [merged], path }, typeName })
  return (query as { select?: object }).select
}

interface Occurrence {
  nodes: FieldNode[]
  path: Path
}

function occurrences({ nodes, path }: Occurrence, field: string, info: GraphQLResolveInfo): Occurrence[] {
  return nodes
    .flatMap((node) => fieldsOf(node.selectionSet?.selections ?? [], info))
    .filter((node) => node.name.value === field)
    .map((node) => ({ nodes: [node], path: { prev: path, key: node.alias?.value ?? field, typename: undefined } }))
}

/** The fields among `selections`, also those in fragments, whatever type these are on. */
export function fieldsOf(selections: readonly SelectionNode[], info: GraphQLResolveInfo): FieldNode[] {
  return selections.flatMap((selection) => {
    if (skipped(selection, info)) return []
    if (selection.kind === Kind.FIELD) return [selection]
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? info.fragments[selection.name.value] : selection
    return fieldsOf(fragment?.selectionSet.selections ?? [], info)
  })
}

function skipped(selection: SelectionNode, info: GraphQLResolveInfo): boolean {
  return (
    getDirectiveValues(GraphQLSkipDirective, selection, info.variableValues)?.if === true ||
    getDirectiveValues(GraphQLIncludeDirective, selection, info.variableValues)?.if === false
  )
}

function byPath(occurrences: Occurrence[]): Occurrence[] {
  const merged = new Map<string, Occurrence>()
  for (const { nodes, path } of occurrences) {
    const key = keyOf(path)
    const known = merged.get(key)
    if (known) known.nodes.push(...nodes)
    else merged.set(key, { nodes: [...nodes], path })
  }
  return [...merged.values()]
}

function keyOf(path: Path | undefined): string {
  return path ? `${keyOf(path.prev)}.${path.key}` : ''
}
