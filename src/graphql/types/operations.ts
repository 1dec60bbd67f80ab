// Query.operations: the state of the whole ledger, for the people who operate it.
import { databaseNow } from '../../database/clock.ts'
import type { PoolUse } from '../../database/poolUse.ts'
import { type ConsumerState, listConsumers, MAX_COUNTED } from '../../ledger/consumers.ts'
import { type OldestDueJob, oldestDueJob } from '../../ledger/oldestDueJob.ts'
import {
  MAX_PROCESSING,
  MAX_WORKERS,
  type ProcessingJobs,
  readProcessingJobs,
  type WorkerActivity,
} from '../../ledger/processingJobs.ts'
import { STUCK_AFTER_SECONDS } from '../../ledger/stuckJobs.ts'
import { builder } from '../builder.ts'
import type { Replica } from '../context.ts'
import { processingJobsCost, withCost, workersCost } from '../limits/fieldCost.ts'
import { MaintenanceTaskType } from './maintenanceTasks.ts'

const ConsumerLag = builder.objectRef<ConsumerState>('ConsumerLag').implement({
  description: 'How far a consumer of the ledger is behind. `Query.consumers` has more, for ADMIN.',
  fields: (t) => ({
    name: t.exposeString('name', {
      description: 'The name: the kind of the consumer and, for a publisher, its destination.',
    }),
    lagRecords: t.exposeInt('lagRecords', {
      description: `Number of records that it has not processed. ${MAX_COUNTED} means that many or more.`,
    }),
    lagSeconds: t.exposeFloat('lagSeconds', {
      description: 'Age of the oldest record that it has not processed, in seconds; 0 if all are processed.',
    }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When its checkpoint last advanced.' }),
    failingSince: t.expose('failingSince', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when each of its attempts has failed; null if the last one succeeded.',
    }),
    lastErrorAt: t.expose('lastErrorAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When an attempt last failed; null if none has.',
    }),
    lastError: t.exposeString('lastError', { nullable: true, description: 'The error of this attempt, in one line.' }),
  }),
})

const OldestDueJobType = builder.objectRef<OldestDueJob>('OldestDueJob').implement({
  description: 'The `PENDING` job that has been due the longest.',
  fields: (t) => ({
    jobId: t.expose('jobId', { type: 'UUID', description: 'The job.' }),
    dueAt: t.expose('dueAt', { type: 'DateTime', description: 'When it became due: its `runAt`.' }),
    waitSeconds: t.exposeFloat('waitSeconds', {
      description: 'How long it has been due, in seconds, by the clock of the database.',
    }),
  }),
})

const Worker = builder.objectRef<WorkerActivity>('WorkerActivity').implement({
  description: 'An actor that holds jobs in `PROCESSING` now.',
  fields: (t) => ({
    actor: t.exposeString('actor', { description: 'Who moved the jobs to `PROCESSING`.' }),
    jobs: t.exposeInt('jobs', { description: 'Number of jobs that it holds.' }),
    nextLeaseEnd: t.expose('nextLeaseEnd', {
      type: 'DateTime',
      nullable: true,
      description: 'The earliest end of its leases; null if none of its jobs has a lease.',
    }),
    expiredLeases: t.exposeInt('expiredLeases', { description: 'Number of its jobs whose lease has expired.' }),
  }),
})

const Processing = builder.objectRef<ProcessingJobs>('ProcessingJobs').implement({
  description: `The jobs in \`PROCESSING\`: those ${MAX_PROCESSING} that started first, if there are more.`,
  fields: (t) => ({
    count: t.exposeInt('count', {
      description: `Number of jobs in \`PROCESSING\`. ${MAX_PROCESSING} means that many or more.`,
    }),
    stuck: t.exposeInt('stuck', {
      description: `Number of those that have been in \`PROCESSING\` for longer than ${STUCK_AFTER_SECONDS} seconds.`,
    }),
    expiredLeases: t.exposeInt('expiredLeases', { description: 'Number of those whose lease has expired.' }),
    workers: t.field({
      type: [Worker],
      extensions: withCost(workersCost),
      description: `Who holds these jobs: the ${MAX_WORKERS} actors with the most, most first.`,
      resolve: ({ workers }) => [...workers],
    }),
    moreWorkers: t.exposeInt('moreWorkers', {
      description: 'Number of actors that hold some of these jobs and that `workers` omits.',
    }),
  }),
})

const Connections = builder.objectRef<PoolUse>('DatabaseConnections').implement({
  description: 'The connections of a replica to the database that its requests share.',
  fields: (t) => ({
    max: t.exposeInt('max', { description: 'Maximum number of connections: `DATABASE_POOL_MAX`.' }),
    open: t.exposeInt('open', { description: 'Number of connections that are open or being opened.' }),
    inUse: t.exposeInt('inUse', { description: 'Number of those that run a statement or are being opened.' }),
    waiting: t.exposeInt('waiting', {
      description: 'Number of statements that wait for a connection, or for the turn of their caller.',
    }),
  }),
})

const ReplicaType = builder.objectRef<Omit<Replica, 'connections'> & { connections: PoolUse }>('Replica').implement({
  description: 'The server process that answers. Another replica has other values.',
  fields: (t) => ({
    version: t.exposeString('version', { description: 'The version of Jobledger that it runs.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it started, by its own clock.' }),
    connections: t.field({
      type: Connections,
      description: 'Its connections to the database when the query started.',
      resolve: ({ connections }) => connections,
    }),
  }),
})

const Operations = builder.objectRef<{ connections: PoolUse }>('Operations').implement({
  description: 'The state of the whole ledger, except `replica`. Each field is read when the query runs.',
  fields: (t) => ({
    at: t.field({
      type: 'DateTime',
      description: 'The time of the query, by the clock of the database.',
      resolve: (_parent, _args, { ledger }) => databaseNow(ledger.sql),
    }),
    consumers: t.field({
      type: [ConsumerLag],
      description: 'The consumers of the ledger, ordered by name.',
      resolve: (_parent, _args, { ledger }) => listConsumers(ledger),
    }),
    maintenanceTasks: t.field({
      type: [MaintenanceTaskType],
      description: 'The maintenance tasks that have run, ordered by name.',
      resolve: (_parent, _args, { ledger }) => ledger.prisma.maintenanceTask.findMany({ orderBy: { name: 'asc' } }),
    }),
    oldestDueJob: t.field({
      type: OldestDueJobType,
      nullable: true,
      description: 'The `PENDING` job that has been due the longest; null if none is due.',
      resolve: (_parent, _args, { ledger }) => oldestDueJob(ledger),
    }),
    processing: t.field({
      type: Processing,
      extensions: withCost(processingJobsCost),
      description: 'The jobs in `PROCESSING` and who holds them.',
      resolve: (_parent, _args, { ledger }) => readProcessingJobs(ledger),
    }),
    replica: t.field({
      type: ReplicaType,
      description: 'The server process that answers.',
      resolve: ({ connections }, _args, { replica }) => ({ ...replica, connections }),
    }),
  }),
})

builder.queryField('operations', (t) =>
  t.field({
    type: Operations,
    description: 'The state of the whole ledger, for the people who operate it. Only for AUDITOR and ADMIN.',
    // Read first: the statements of the query itself do not count.
    resolve: (_parent, _args, { replica }) => ({ connections: replica.connections() }),
  }),
)
