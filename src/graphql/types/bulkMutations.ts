// The mutations on bulk actions.
import { requireScope } from '../../access/caller.ts'
import type { Operation } from '../../access/roles.ts'
import type { BulkAction as BulkActionRow } from '../../database/generated/client.ts'
import { abortBulkAction, type BulkActionKind } from '../../ledger/bulkActions.ts'
import { InvalidInputError } from '../../ledger/errors.ts'
import { previewBulkAction } from '../../ledger/previewBulkAction.ts'
import { startBulkAction } from '../../ledger/startBulkAction.ts'
import { builder } from '../builder.ts'
import { type GraphQLContext, ownerScope } from '../context.ts'
import { bulkActionIdOf } from '../globalIds.ts'
import { startBulkActionCost, withCost } from '../limits/fieldCost.ts'
import { BulkAction, BulkActionKindEnum, StartBulkActionResult } from './bulkActions.ts'
import { filterGiven, JobFilter } from './jobQueries.ts'

const StartBulkActionInput = builder.inputType('StartBulkActionInput', {
  description: 'A bulk action to start.',
  fields: (t) => ({
    action: t.field({ type: BulkActionKindEnum, required: true, description: 'What to do with each job.' }),
    filter: t.field({ type: JobFilter, required: true, description: 'Which jobs. Evaluated once, at the start.' }),
    reason: t.string({ required: true, description: 'The reason to store in the record of each job; up to 4 KiB.' }),
    dryRun: t.boolean({ defaultValue: true, description: 'Only return what the bulk action would do.' }),
    expectedCount: t.int({
      description: 'The number of jobs that a dry run matched. Required unless `dryRun` is true.',
    }),
    idempotencyKey: t.string({
      description:
        'Unique per actor; 1 to 200 characters. The same key with the same input returns the existing bulk action.',
    }),
  }),
})

/** The operation of the role table that each action consists of. */
const OPERATIONS: Readonly<Record<BulkActionKind, Operation>> = {
  CANCEL: 'jobs:cancel',
  RETRY: 'jobs:retry',
  DELETE: 'jobs:delete',
}

/** @throws ForbiddenError if the caller may not do this with single jobs either */
function bulkScope(context: GraphQLContext, action: BulkActionKind): { ownerId?: string } {
  requireScope(context.caller, OPERATIONS[action])
  return { ...ownerScope(context, OPERATIONS[action]), ...ownerScope(context, 'bulk:run') }
}

/** The table of bulk actions has only who started them, so the log has who aborted them. */
function logBulkAction({ log, caller, requestId }: GraphQLContext, bulkAction: BulkActionRow, message: string): void {
  const { id, action, state, matched, done } = bulkAction
  log.info({ bulkActionId: id, action, state, matched, done, actor: caller.actor, requestId }, message)
}

builder.mutationFields((t) => ({
  startBulkAction: t.field({
    type: StartBulkActionResult,
    nullable: true,
    description:
      'Changes all jobs that match a filter: by default only a dry run. The server then works in batches; it ' +
      'touches only jobs that matched at the start.',
    extensions: withCost(startBulkActionCost),
    args: { input: t.arg({ type: StartBulkActionInput, required: true, description: 'The bulk action.' }) },
    resolve: async (_, { input }, context) => {
      const { action, reason, dryRun, expectedCount, idempotencyKey } = input
      const filter = { ...filterGiven(input.filter), ...bulkScope(context, action) }
      if (dryRun ?? true) return previewBulkAction(context.ledger, { action, filter, reason })
      if (expectedCount == null) {
        throw new InvalidInputError([{ path: ['expectedCount'], message: 'is required unless `dryRun` is true.' }])
      }
      const { actor } = context.caller
      const request = { action, filter, reason, actor, expectedCount, idempotencyKey }
      const started = await startBulkAction(context.ledger, request)
      if (started.created) logBulkAction(context, started.bulkAction, 'bulk action started')
      return started
    },
  }),
  abortBulkAction: t.field({
    type: BulkAction,
    nullable: true,
    description:
      'Ends a running bulk action after its current batch. Changes nothing if it has ended. Returns null if it ' +
      'does not exist.',
    args: { id: t.arg.id({ required: true, description: 'The bulk action: a global id or a UUID.' }) },
    resolve: async (_, { id }, context) => {
      const bulkAction = await abortBulkAction(
        context.ledger,
        bulkActionIdOf('id', id),
        ownerScope(context, 'bulk:run'),
      )
      if (bulkAction === undefined) return null
      logBulkAction(context, bulkAction, 'bulk action abort requested')
      return bulkAction
    },
  }),
}))
