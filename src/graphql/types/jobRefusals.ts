// Job.refusals: refused attempts to change the job, for auditors.
import type { JobRefusal as RefusalRow } from '../../database/generated/client.ts'
import { countRefusals, listRefusals, type RefusalKind } from '../../ledger/refusals.ts'
import { builder } from '../builder.ts'
import { refusalsCost, withCost } from '../limits/fieldCost.ts'
import { Connection } from './connections.ts'
import { JobStateEnum } from './enums.ts'
import { Job } from './job.ts'

const RefusalKindEnum = builder.enumType('RefusalKind', {
  description: 'Why an attempt was refused.',
  values: {
    ILLEGAL_TRANSITION: { description: 'The state of the job did not allow it.' },
    VERSION_CONFLICT: { description: 'The job did not have the expected version or state.' },
    LATE_COMPLETION: {
      description: 'A worker reported the end of its work, or extended its lease, when it had lost the job.',
    },
    FORBIDDEN: { description: 'The caller had no role for it, or the job belonged to another user.' },
  } satisfies Record<RefusalKind, { description: string }>,
})

const JobRefusal = builder.objectRef<RefusalRow>('JobRefusal').implement({
  description: 'A refused attempt to change a job. Equal attempts within a minute are one.',
  extensions: { isRow: true },
  fields: (t) => ({
    kind: t.field({
      type: RefusalKindEnum,
      description: 'Why it was refused, for programs.',
      resolve: ({ kind }) => kind as RefusalKind,
    }),
    actor: t.exposeString('actor', { description: 'Who attempted it.' }),
    timestamp: t.expose('timestamp', { type: 'DateTime', description: 'When it was attempted first.' }),
    times: t.exposeInt('times', { description: 'Number of attempts: more than 1 if it was repeated.' }),
    attempted: t.expose('attempted', {
      type: JobStateEnum,
      nullable: true,
      description: 'The state that the job would have entered; null if it would have kept its state.',
    }),
    from: t.expose('from', {
      type: JobStateEnum,
      nullable: true,
      description: 'The state of the job; null if the attempt was refused before the job was read.',
    }),
    expectedVersion: t.exposeInt('expectedVersion', {
      nullable: true,
      description: 'The version that the caller expected, if any.',
    }),
    actualVersion: t.exposeInt('actualVersion', {
      nullable: true,
      description: 'The version of the job; null if the attempt was refused before the job was read.',
    }),
    message: t.exposeString('message', { description: 'Why it was refused, for a person.' }),
  }),
})

const JobRefusalEdge = builder.edgeObject({
  name: 'JobRefusalEdge',
  description: 'A refused attempt with its cursor.',
  type: JobRefusal,
})

const JobRefusalConnection = builder.connectionObject(
  {
    name: 'JobRefusalConnection',
    description: 'A page of refused attempts.',
    type: JobRefusal,
    fields: (t) => ({
      totalCount: t.int({
        description: 'Number of refused attempts in the complete list. Counted only if selected.',
        resolve: (connection) => (connection as unknown as Connection<unknown>).totalCount(),
      }),
    }),
  },
  JobRefusalEdge,
)

builder.prismaObjectField(Job, 'refusals', (t) =>
  t.connection(
    {
      type: JobRefusal,
      description:
        'Refused attempts to change the job, newest first. For AUDITOR and ADMIN. They appear within a ' +
        'second, and are kept for REFUSALS_DAYS.',
      extensions: { ...withCost(refusalsCost), pothosPrismaSelect: { id: true } },
      resolve: async (parent, args, { ledger }) => {
        const { id } = parent as unknown as { id: string }
        const page = await listRefusals(ledger, id, args)
        return new Connection(page, () => countRefusals(ledger, id)) as Connection<never>
      },
    },
    JobRefusalConnection,
    JobRefusalEdge,
  ),
)
