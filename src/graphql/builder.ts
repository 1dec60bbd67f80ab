// The schema builder and its plugins. The files in types/ add types to it.
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
      description: 'The object with this global id, or null if it does not exist. A plain UUID is the id of a job.',
      args: { id: { description: 'A global id, or the UUID of a job.' } },
    },
    nodesQueryOptions: {
      description: 'The objects with these global ids, in the same order, with null for each that does not exist.',
      nullable: { list: false, items: true },
      args: { ids: { description: 'Global ids, or UUIDs of jobs; at most 100.' } },
      // biome-ignore lint/complexity/useMaxParams: the signature is that of Pothos
      resolve: (_parent, { ids }, context, _info, resolveNodes) => {
        checkNodeIds(context, ids)
        return resolveNodes(ids)
      },
    },
    pageInfoTypeOptions: { description: 'The position of a page in its list.' },
    hasNextPageFieldOptions: { description: 'Whether the list has items after this page. Exact.' },
    hasPreviousPageFieldOptions: { description: 'Whether the list has items before this page. Exact.' },
    startCursorFieldOptions: { description: 'The cursor of the first item on the page.' },
    endCursorFieldOptions: { description: 'The cursor of the last item on the page.' },
    pageInfoFieldOptions: { description: 'The position of this page in the list.' },
    cursorFieldOptions: {
      description: 'The position of this item, for `after` and `before`. It stays valid when the item changes.',
    },
    edgesFieldOptions: {
      description: 'The items on the page with their cursors.',
      nullable: { list: false, items: false },
    },
    nodeFieldOptions: { description: 'The item.', nullable: false },
    firstArgOptions: {
      description: 'Number of items from the start of the list, at most 100; 20 by default. Not with `last`.',
    },
    lastArgOptions: { description: 'Number of items from the end of the list, at most 100. Not with `first`.' },
    afterArgOptions: { description: 'Only items after this cursor.' },
    beforeArgOptions: { description: 'Only items before this cursor.' },
    nodesOnConnection: { description: 'The items on the page.' },
  },
})

builder.queryType({ description: 'Queries read jobs and records.' })
builder.mutationType({
  description:
    'Mutations change jobs. Each result is a union of the success and the possible refusals. ' +
    'A refused mutation writes nothing.',
})
builder.subscriptionType({ description: 'Subscriptions stream events as server-sent events.' })
