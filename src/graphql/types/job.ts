// Job, and what makes a connection of jobs.
import { allowedTransitions, isTerminal } from '../../ledger/states.ts'
import { builder } from '../builder.ts'
import { visibleJobs } from '../context.ts'
import type { Connection } from './connections.ts'
import { JobStateEnum } from './enums.ts'
import './jobResult.ts'
import { JobStateRecord, JobStateRecordConnection, JobStateRecordEdge } from './jobStateRecord.ts'
import { historyConnection, historySelection, type JobWithHistory } from './stateHistory.ts'

export const Job = builder.prismaNode('Job', {
  id: { resolve: (job) => job.id, description: 'The global id.' },
  findUnique: (id, context) => ({ id, ...visibleJobs(context) }),
  nullable: true,
  select: { id: true },
  fields: (t) => ({
    jobId: t.expose('id', { type: 'UUID' }),
    userId: t.exposeString('userId'),
    content: t.exposeString('content'),
    preset: t.exposeString('preset', { nullable: true }),
    state: t.expose('state', { type: JobStateEnum }),
    stateReason: t.exposeString('stateReason', { nullable: true }),
    stateActor: t.exposeString('stateActor'),
    stateMetadata: t.expose('stateMetadata', { type: 'JSONObject' }),
    version: t.exposeInt('version'),
    isTerminal: t.boolean({
      description: 'Whether no transition but deletion leads on: COMPLETED or CANCELLED.',
      select: { state: true },
      resolve: (job) => isTerminal(job.state),
    }),
    allowedTransitions: t.field({
      type: [JobStateEnum],
      description: 'The states that the job may enter next.',
      select: { state: true },
      resolve: (job) => [...allowedTransitions(job.state)],
    }),
    metadata: t.expose('metadata', { type: 'JSONObject' }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true }),
    completedAt: t.expose('completedAt', { type: 'DateTime', nullable: true }),
    deletedAt: t.expose('deletedAt', { type: 'DateTime', nullable: true }),
    stateHistory: t.connection(
      {
        type: JobStateRecord,
        description: 'Every change of the state of the job, in the order in which they happened.',
        // What Pothos' own connections do, but with our cursors: the records are read in the statement that reads the job.
        extensions: {
          pothosPrismaSelect: historySelection,
          pothosPrismaLoaded: (job: { states?: unknown }) => job.states !== undefined,
        },
        resolve: (job, args, { ledger }) =>
          historyConnection(job as unknown as JobWithHistory, args, ledger.limits) as Connection<never>,
      },
      JobStateRecordConnection,
      JobStateRecordEdge,
    ),
    result: t.relation('result', {
      nullable: true,
      description: 'What came out of the job; null until there is something.',
    }),
  }),
})

export const JobEdge = builder.edgeObject({ name: 'JobEdge', description: 'A job with its cursor.', type: Job })

export const JobConnection = builder.connectionObject(
  {
    name: 'JobConnection',
    description: 'A page of jobs.',
    type: Job,
    fields: (t) => ({
      totalCount: t.int({
        description: 'How many jobs the whole list has; counted only when asked for.',
        resolve: (connection) => (connection as unknown as Connection<unknown>).totalCount(),
      }),
    }),
  },
  JobEdge,
)
