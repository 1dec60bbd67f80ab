// JobResult: the result of a job.
import { builder } from '../builder.ts'
import { ownerWhere } from '../context.ts'
import { JobResultStatusEnum } from './enums.ts'

export const JobResult = builder.prismaNode('JobResult', {
  id: { resolve: (result) => result.id, description: 'The global id.' },
  findUnique: (id, context) => ({ id, job: ownerWhere(context) }),
  nullable: true,
  select: { id: true },
  fields: (t) => ({
    job: t.relation('job', { description: 'The job that the result belongs to.' }),
    status: t.expose('status', { type: JobResultStatusEnum }),
    output: t.expose('output', { type: 'JSON', nullable: true }),
    errorMessage: t.exposeString('errorMessage', { nullable: true }),
    processingTimeMs: t.exposeInt('processingTimeMs', { nullable: true }),
    revision: t.exposeInt('revision'),
    actor: t.exposeString('actor'),
    databaseRole: t.exposeString('databaseRole'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime' }),
  }),
})
