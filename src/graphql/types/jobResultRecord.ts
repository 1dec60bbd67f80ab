// JobResultRecord: one revision of the result of a job.
import { builder } from '../builder.ts'
import { ownerWhere } from '../context.ts'
import type { Connection } from './connections.ts'
import { JobResultStatusEnum } from './enums.ts'

export const JobResultRecord = builder.prismaNode('JobResultRecord', {
  id: { resolve: (record) => String(record.id), description: 'The global id.' },
  findUnique: (id, context) => ({ id: BigInt(id), job: ownerWhere(context) }),
  nullable: true,
  select: { id: true },
  fields: (t) => ({
    job: t.relation('job', { description: 'The job that the result belongs to.' }),
    revision: t.exposeInt('revision'),
    status: t.expose('status', { type: JobResultStatusEnum }),
    output: t.expose('output', { type: 'JSON', nullable: true }),
    errorMessage: t.exposeString('errorMessage', { nullable: true }),
    processingTimeMs: t.exposeInt('processingTimeMs', { nullable: true }),
    actor: t.exposeString('actor'),
    databaseRole: t.exposeString('databaseRole'),
    timestamp: t.expose('timestamp', { type: 'DateTime' }),
  }),
})

export const JobResultRecordEdge = builder.edgeObject({
  name: 'JobResultRecordEdge',
  description: 'A revision of a result with its cursor.',
  type: JobResultRecord,
})

export const JobResultRecordConnection = builder.connectionObject(
  {
    name: 'JobResultRecordConnection',
    description: 'A page of revisions of a result.',
    type: JobResultRecord,
    fields: (t) => ({
      totalCount: t.int({
        description: 'Number of revisions.',
        resolve: (connection) => (connection as unknown as Connection<unknown>).totalCount(),
      }),
    }),
  },
  JobResultRecordEdge,
)
