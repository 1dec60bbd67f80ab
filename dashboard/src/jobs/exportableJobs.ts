// The jobs of a list, for an export.
import { ExportJobsDocument, type ExportJobsQuery } from '../api/documents.generated.ts'
import { request } from '../api/request.ts'
import type { Exportable } from '../export/exportFile.ts'
import { type ListRequest, listVariables } from './listAddress.ts'

type ExportedJob = ExportJobsQuery['jobs']['nodes'][number]

const COLUMNS = [
  'jobId',
  'state',
  'userId',
  'preset',
  'content',
  'metadata',
  'attempt',
  'maxAttempts',
  'priority',
  'createdAt',
  'runAt',
  'startedAt',
  'completedAt',
  'updatedAt',
  'deletedAt',
  'version',
  'stateActor',
  'stateReason',
  'stateMetadata',
] as const satisfies (keyof ExportedJob)[]

export function exportableJobs(list: ListRequest): Exportable<ExportedJob> {
  return {
    noun: 'job',
    columns: COLUMNS,
    async loadPage(at, signal) {
      return (await request(ExportJobsDocument, { ...listVariables(list), ...at }, { signal })).jobs
    },
  }
}
