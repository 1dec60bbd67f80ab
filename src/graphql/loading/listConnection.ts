// Resolves root fields that return connections.
import type { GraphQLResolveInfo } from 'graphql'
import { objectShape } from '../../database/rows/selectList.ts'
import type { GraphQLContext } from '../context.ts'
import type { ListReads } from '../plan/rootReads.ts'
import { Connection } from '../types/connections.ts'
import { connectionSelection } from './selection.ts'

/** The connection of a list, with what the client selects of its rows. */
export async function connectionOf<Row>(
  list: ListReads,
  args: object,
  { context, info }: { context: GraphQLContext; info: GraphQLResolveInfo },
): Promise<Connection<Row>> {
  const shape = objectShape<Row>(list.table, connectionSelection(context, info, list.typeName))
  const page = await list.page(args, { context, info }, shape)
  return new Connection(page, () => list.count(args, { context, info }))
}
