// Finds out which columns and relations of rows a resolver must read.
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
 * The Prisma `select` for the nodes of a connection, which are of the type `typeName`.
 *
 * If fragments select the same path several times, Pothos' own search keeps only the last
 * occurrence. This function merges them first.
 */
export function connectionSelection<Select>(
  context: GraphQLContext,
  info: GraphQLResolveInfo,
  typeName: string,
): Select {
  const places = [...placesOf(info, ['edges', 'node']), ...placesOf(info, ['nodes'])]
  // Pothos itself loads the rows of a second place (`edges` beside `nodes`, or an alias). Merging
  // the places could mix up the arguments of their fields.
  const [first] = places
  return (first ? planSelection(context, info, typeName, first) : { id: true }) as Select
}

/**
 * Marks the row in `field` of the result, of the type `typeName`, as loaded with all columns, so
 * that Pothos loads only relations. Otherwise Pothos would read again what the mutation has
 * written.
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
 * The Prisma `select` of each place where the response of a mutation contains jobs as `field`.
 * Pothos treats these columns as loaded.
 */
export function jobSelections(context: GraphQLContext, info: GraphQLResolveInfo, field: string): object[] {
  return placesOf(info, [field]).map((place) => planSelection(context, info, 'Job', place) ?? {})
}

/** The Prisma `select` for the object in `field` of the result, of the type `typeName`. */
export function fieldSelection<Select>(
  context: GraphQLContext,
  info: GraphQLResolveInfo,
  typeName: string,
  field: string,
): Select {
  const [first] = placesOf(info, [field])
  return (first ? planSelection(context, info, typeName, first) : { id: true }) as Select
}

// The places of the response where a path occurs. Occurrences with the same response path are
// merged.
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

/** The fields of `selections`, including those in fragments on any type. */
export function fieldsOf(selections: readonly SelectionNode[], info: GraphQLResolveInfo): FieldNode[] {
  return selections.flatMap((selection) => {
    if (isSkipped(selection, info)) return []
    if (selection.kind === Kind.FIELD) return [selection]
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? info.fragments[selection.name.value] : selection
    return fieldsOf(fragment?.selectionSet.selections ?? [], info)
  })
}

function isSkipped(selection: SelectionNode, info: GraphQLResolveInfo): boolean {
  return (
    getDirectiveValues(GraphQLSkipDirective, selection, info.variableValues)?.if === true ||
    getDirectiveValues(GraphQLIncludeDirective, selection, info.variableValues)?.if === false
  )
}

function byPath(occurrences: Occurrence[]): Occurrence[] {
  const merged = new Map<string, Occurrence>()
  for (const { nodes, path } of occurrences) {
    const key = pathKey(path)
    const existing = merged.get(key)
    if (existing) existing.nodes.push(...nodes)
    else merged.set(key, { nodes: [...nodes], path })
  }
  return [...merged.values()]
}

function pathKey(path: Path | undefined): string {
  return path ? `${pathKey(path.prev)}.${path.key}` : ''
}
