// The schema builder and its plugins. Types are added to it by the other files of this folder.
import SchemaBuilder from '@pothos/core'
import ErrorsPlugin from '@pothos/plugin-errors'
import PrismaPlugin from '@pothos/plugin-prisma'
import RelayPlugin from '@pothos/plugin-relay'
import type { GraphQLContext } from './context.ts'
import type PrismaTypes from './generated/pothos.ts'
import { getDatamodel } from './generated/pothos.ts'
import { decodeGlobalId } from './globalIds.ts'
import { batchedNodeLoader, checkNodeIds } from './loading/nodeLoader.ts'

export const builder = new SchemaBuilder<{
  Context: GraphQLContext
  PrismaTypes: PrismaTypes
  DefaultFieldNullability: false
  DefaultEdgesNullability: { list: false; items: false }
  DefaultNodeNullability: false
  Scalars: {
    ID: { Input: string; Output: string | number | bigint }
    DateTime: { Input: Date; Output: Date }
    JSON: { Input: unknown; Output: unknown }
    JSONObject: { Input: { [key: string]: unknown }; Output: unknown }
    UUID: { Input: string; Output: string }
  }
}>({
  plugins: [ErrorsPlugin, RelayPlugin, PrismaPlugin],
  defaultFieldNullability: false,
  errors: { defaultTypes: [] },
  prisma: {
    client: batchedNodeLoader,
    dmmf: getDatamodel(),
    exposeDescriptions: true,
    onUnusedQuery: null,
  },
  relay: {
    cursorType: 'String',
    idFieldOptions: { description: 'The global id.' },
    decodeGlobalID: decodeGlobalId,
    nodeTypeOptions: { description: 'Anything that has a global id.' },
    nodeQueryOptions: {
      description: 'The object with this global id, or null. A bare UUID is taken for the id of a job.',
      args: { id: { description: 'A global id, or the UUID of a job.' } },
    },
    nodesQueryOptions: {
      description: 'The objects with these global ids, in order, with null for each that does not exist.',
      nullable: { list: false, items: true },
      args: { ids: { description: 'Global ids, or the UUIDs of jobs; at most 100.' } },
      // biome-ignore lint/complexity/useMaxParams: Pothos calls it so
      resolve: (_parent, { ids }, context, _info, resolveNodes) => {
        checkNodeIds(context, ids)
        return resolveNodes(ids)
      },
    },
    pageInfoTypeOptions: { description: 'Where a page stands in its list.' },
    hasNextPageFieldOptions: { description: 'Whether the list goes on behind this page. Exact.' },
    hasPreviousPageFieldOptions: { description: 'Whether there is something before this page. Exact.' },
    startCursorFieldOptions: { description: 'The cursor of the first item of the page.' },
    endCursorFieldOptions: { description: 'The cursor of the last item of the page.' },
    pageInfoFieldOptions: { description: 'Where this page stands in the list.' },
    cursorFieldOptions: {
      description: 'Points at this item, for `after` and `before`. It stays valid when the item changes.',
    },
    edgesFieldOptions: {
      description: 'The items of the page with their cursors.',
      nullable: { list: false, items: false },
    },
    nodeFieldOptions: { description: 'The item.', nullable: false },
    firstArgOptions: { description: 'So many items from the beginning; 20 by default, at most 100. Excludes `last`.' },
    lastArgOptions: { description: 'So many items from the end; at most 100. Excludes `first`.' },
    afterArgOptions: { description: 'Only items behind this cursor.' },
    beforeArgOptions: { description: 'Only items before this cursor.' },
    nodesOnConnection: { description: 'The items of the page.' },
  },
})

builder.queryType({ description: 'What can be asked.' })
builder.mutationType({ description: 'What can be done. Refusals are members of each result; nothing is written then.' })
builder.subscriptionType({ description: 'What can be followed, over server-sent events.' })
