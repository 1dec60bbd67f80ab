// Job, and connections of jobs.
import { allowedTransitions, isTerminal } from '../../ledger/states.ts'
import { builder } from '../builder.ts'
import { ownerWhere } from '../context.ts'
import type { Connection } from './connections.ts'
import { JobStateEnum } from './enums.ts'
import './jobResult.ts'
import { JobResultRecord, JobResultRecordConnection, JobResultRecordEdge } from './jobResultRecord.ts'
import { JobStateRecord, JobStateRecordConnection, JobStateRecordEdge } from './jobStateRecord.ts'
import { historyConnection, historyReads, RESULT_HISTORY, STATE_HISTORY } from './numberedHistory.ts'

export const Job = builder.prismaNode('Job', {
  id: { resolve: (job) => job.id, description: 'The global id.' },
  findUnique: (id, context) => ({ id, ...ownerWhere(context) }),
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
      description: 'Whether the state is COMPLETED or CANCELLED. A terminal job can only be deleted.',
      select: { state: true },
      resolve: (job) => isTerminal(job.state),
    }),
    allowedTransitions: t.field({
      type: [JobStateEnum],
      description: 'The states that the job can enter next.',
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
        description: 'The records of all state changes of the job, oldest first.',
        // Like Pothos' own connections, but with our cursors: the statement that reads the job also
        // reads its records.
        extensions: { history: true, ...historyReads(STATE_HISTORY) },
        resolve: (job, args, { ledger }) =>
          historyConnection(STATE_HISTORY, job, args, ledger.limits) as Connection<never>,
      },
      JobStateRecordConnection,
      JobStateRecordEdge,
    ),
    result: t.relation('result', {
      nullable: true,
      description: 'The result of the job; null until it is set.',
    }),
    resultHistory: t.connection(
      {
        type: JobResultRecord,
        description: 'All revisions of the result of the job, oldest first.',
        extensions: historyReads(RESULT_HISTORY),
        resolve: (job, args, { ledger }) =>
          historyConnection(RESULT_HISTORY, job, args, ledger.limits) as Connection<never>,
      },
      JobResultRecordConnection,
      JobResultRecordEdge,
    ),
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
        description: 'Number of jobs in the complete list. Counted only if selected.',
        resolve: (connection) => (connection as unknown as Connection<unknown>).totalCount(),
      }),
    }),
  },
  JobEdge,
)
