// BulkAction.outcomes: what the action did with each of its jobs.
import {
  type ActionOfOutcomes,
  type BulkJobRow,
  countBulkOutcomes,
  listBulkOutcomes,
  outcomeOf,
  reasonOf,
} from '../../ledger/bulkOutcomes.ts'
import { builder } from '../builder.ts'
import { bulkOutcomesCost, withCost } from '../limits/fieldCost.ts'
import { BulkAction } from './bulkActions.ts'
import { Connection } from './connections.ts'

const BulkOutcomeEnum = builder.enumType('BulkOutcome', {
  description: 'What a bulk action did with a job.',
  values: {
    DONE: { description: 'The job was changed, or its cancellation was requested.' },
    REFUSED: { description: 'The job was not changed; `reason` says why.' },
    NOT_PROCESSED: { description: 'Its batch has not run, or never will if the action has ended.' },
  } as const,
})

const BulkJobOutcome = builder.objectRef<BulkJobRow>('BulkJobOutcome').implement({
  description: 'A job of a bulk action, and what the action did with it.',
  extensions: { isRow: true },
  fields: (t) => ({
    jobId: t.exposeID('jobId', { description: 'The UUID of the job.' }),
    outcome: t.field({ type: BulkOutcomeEnum, description: 'What the action did with it.', resolve: outcomeOf }),
    reason: t.string({
      nullable: true,
      description: 'Why it was refused, as a sentence; otherwise null.',
      resolve: reasonOf,
    }),
  }),
})

const BulkJobOutcomeEdge = builder.edgeObject({
  name: 'BulkJobOutcomeEdge',
  description: 'An outcome with its cursor.',
  type: BulkJobOutcome,
})

const BulkJobOutcomeConnection = builder.connectionObject(
  {
    name: 'BulkJobOutcomeConnection',
    description: 'A page of outcomes.',
    type: BulkJobOutcome,
    fields: (t) => ({
      totalCount: t.int({
        description: 'Number of outcomes in the complete list, as of when the bulk action was read.',
        resolve: (connection) => (connection as unknown as Connection<unknown>).totalCount(),
      }),
    }),
  },
  BulkJobOutcomeEdge,
)

builder.prismaObjectField(BulkAction, 'outcomes', (t) =>
  t.connection(
    {
      type: BulkJobOutcome,
      description: 'The outcome of each of its jobs, by the creation of the jobs, oldest first.',
      extensions: {
        ...withCost(bulkOutcomesCost),
        pothosPrismaSelect: { id: true, matched: true, done: true, refusals: true },
      },
      args: { outcome: t.arg({ type: BulkOutcomeEnum, description: 'Only jobs with this outcome; by default all.' }) },
      resolve: async (parent, args, { ledger }) => {
        const action = parent as unknown as ActionOfOutcomes
        const page = await listBulkOutcomes(ledger, action, args)
        return new Connection(page, () => countBulkOutcomes(action, args.outcome)) as Connection<never>
      },
    },
    BulkJobOutcomeConnection,
    BulkJobOutcomeEdge,
  ),
)
