// BulkAction: an operation on many jobs, and its dry run.
import type { GraphQLResolveInfo } from 'graphql'
import type { BulkAction as BulkActionRow, Job as JobRow } from '../../database/generated/client.ts'
import {
  BULK_SAMPLE,
  type BulkActionKind,
  type BulkActionState,
  type BulkRefusal,
  bulkRefusals,
  countBulkActions,
  listBulkActions,
  refusedCounts,
} from '../../ledger/bulkActions.ts'
import { BulkCountChangedError, InvalidInputError } from '../../ledger/errors.ts'
import { fittingSample } from '../../ledger/fittingSample.ts'
import type { JobSelection } from '../../ledger/listJobs.ts'
import type { BulkActionPreview } from '../../ledger/previewBulkAction.ts'
import type { StartedBulkAction } from '../../ledger/startBulkAction.ts'
import { builder } from '../builder.ts'
import { type GraphQLContext, ownerScope } from '../context.ts'
import { bulkRefusalsCost, bulkSampleCost, withCost } from '../limits/fieldCost.ts'
import { listBound } from '../limits/returnedJob.ts'
import { Connection } from './connections.ts'
import { Job } from './job.ts'
import './refusals.ts'

export const BulkActionKindEnum = builder.enumType('BulkActionKind', {
  description: 'What a bulk action does with each job.',
  values: {
    CANCEL: { description: 'Requests the cancellation, as `requestJobCancellation` does.' },
    RETRY: { description: 'Moves the job from FAILED to PENDING, as `retryJob` does.' },
    DELETE: { description: 'Soft-deletes the job, as `deleteJob` does.' },
  } as const,
})

const BulkActionStateEnum = builder.enumType('BulkActionState', {
  description: 'The state of a bulk action.',
  values: {
    RUNNING: { description: 'The server processes its jobs, batch by batch.' },
    COMPLETED: { description: 'All jobs are done or refused.' },
    ABORTED: { description: 'It was aborted. Jobs that were done stay as they are.' },
    FAILED: { description: 'It could not continue. Jobs that were done stay as they are.' },
  } as const,
})

const SHORTENED = 'In the result of a mutation, only as many as fit into the response.'

function sampleOf(
  { sample }: Pick<BulkActionPreview, 'sample'>,
  selection: JobSelection,
  [, context, info]: readonly [unknown, GraphQLContext, GraphQLResolveInfo],
): Promise<JobRow[]> {
  const bound = listBound(context, info)
  return bound === undefined ? sample(selection) : fittingSample(context.ledger, sample, selection, bound)
}

const BulkRefusalType = builder.objectRef<BulkRefusal>('BulkRefusal').implement({
  description: 'Jobs that a bulk action refuses for the same reason.',
  fields: (t) => ({
    reason: t.exposeString('reason', { description: 'Why they are refused, as a sentence.' }),
    count: t.exposeInt('count', { description: 'Number of jobs.' }),
    sample: t.prismaField({
      type: [Job],
      description: `Up to ${BULK_SAMPLE} of these jobs, newest first. ${SHORTENED}`,
      extensions: withCost(bulkSampleCost),
      resolve: (query, refusal, ...others) => sampleOf(refusal, query, others),
    }),
  }),
})

export const BulkAction = builder.prismaNode('BulkAction', {
  id: { resolve: (action) => action.id, description: 'The global id.' },
  findUnique: (id, context) => ({ id, ...ownerScope(context, 'jobs:read') }),
  nullable: true,
  select: { id: true },
  fields: (t) => ({
    action: t.field({
      type: BulkActionKindEnum,
      description: 'What it does with each job.',
      select: { action: true },
      resolve: ({ action }) => action as BulkActionKind,
    }),
    state: t.field({
      type: BulkActionStateEnum,
      description: 'The current state.',
      select: { state: true },
      resolve: ({ state }) => state as BulkActionState,
    }),
    actor: t.exposeString('actor'),
    reason: t.exposeString('reason'),
    filter: t.field({
      type: 'JSONObject',
      description: 'The fields of `JobFilter` that selected its jobs. Those that were not given are missing.',
      select: { filter: true, ownerId: true },
      resolve: filterOf,
    }),
    matched: t.exposeInt('matched'),
    done: t.exposeInt('done'),
    refused: t.int({
      description: 'Number of refused jobs.',
      select: { refusals: true },
      resolve: (action) => [...refusedCounts(action).values()].reduce((sum, count) => sum + count, 0),
    }),
    refusals: t.field({
      type: [BulkRefusalType],
      description: 'The refused jobs by reason.',
      extensions: withCost(bulkRefusalsCost),
      select: { id: true, refusals: true },
      resolve: (action, _, { ledger }) => bulkRefusals(ledger, action),
    }),
    error: t.exposeString('error', { nullable: true }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true }),
  }),
})

/** An action that was limited to the jobs of a user has the same filter for everyone. */
function filterOf({ filter, ownerId }: Pick<BulkActionRow, 'filter' | 'ownerId'>): Record<string, unknown> {
  const { ownerId: _, ...given } = filter as Record<string, unknown>
  return ownerId === null ? given : { userId: ownerId, ...given }
}

const BulkActionEdge = builder.edgeObject({
  name: 'BulkActionEdge',
  description: 'A bulk action with its cursor.',
  type: BulkAction,
})

const BulkActionConnection = builder.connectionObject(
  {
    name: 'BulkActionConnection',
    description: 'A page of bulk actions.',
    type: BulkAction,
    fields: (t) => ({
      totalCount: t.int({
        description: 'Number of bulk actions in the complete list. Counted only if selected.',
        resolve: (connection) => (connection as unknown as Connection<unknown>).totalCount(),
      }),
    }),
  },
  BulkActionEdge,
)

builder.queryField('bulkActions', (t) =>
  t.connection(
    {
      type: BulkAction,
      description: 'The bulk actions, newest first. A user sees those that were limited to its own jobs.',
      resolve: async (_, args, context) => {
        const scope = ownerScope(context, 'jobs:read')
        const page = await listBulkActions(context.ledger, { ...args, ...scope })
        return new Connection(page, () => countBulkActions(context.ledger, scope)) as Connection<never>
      },
    },
    BulkActionConnection,
    BulkActionEdge,
  ),
)

const BulkActionPreviewType = builder.objectRef<BulkActionPreview>('BulkActionPreview').implement({
  description: 'What a bulk action would do now. Nothing was written.',
  fields: (t) => ({
    matched: t.exposeInt('matched', {
      description: 'Number of jobs that match the filter: the `expectedCount` to start it with.',
    }),
    eligible: t.exposeInt('eligible', { description: 'Number of those jobs that it would change.' }),
    sample: t.prismaField({
      type: [Job],
      description: `Up to ${BULK_SAMPLE} jobs that it would change, newest first. ${SHORTENED}`,
      extensions: withCost(bulkSampleCost),
      resolve: (query, preview, ...others) => sampleOf(preview, query, others),
    }),
    refusals: t.field({
      type: [BulkRefusalType],
      description: 'The jobs that it would refuse, by reason.',
      extensions: withCost(bulkRefusalsCost),
      resolve: ({ refusals }) => [...refusals],
    }),
  }),
})

const BulkActionStarted = builder.objectRef<StartedBulkAction>('BulkActionStarted').implement({
  description: 'The bulk action was started.',
  fields: (t) => ({
    bulkAction: t.field({
      type: BulkAction,
      description: 'The bulk action.',
      resolve: ({ bulkAction }) => bulkAction as BulkActionRow,
    }),
    created: t.exposeBoolean('created', {
      description: 'False if it existed already, started with the same idempotency key and the same input.',
    }),
  }),
})

export const StartBulkActionResult = builder.errorUnion('StartBulkActionResult', {
  description: 'The outcome of starting a bulk action, or of its dry run.',
  types: [BulkActionPreviewType, BulkActionStarted, BulkCountChangedError, InvalidInputError],
  resolveType: (value) => ('bulkAction' in (value as object) ? BulkActionStarted : BulkActionPreviewType),
})
