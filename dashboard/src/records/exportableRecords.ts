// The records of a filter, for an export.
import {
  ExportRecordsDocument,
  type ExportRecordsQuery,
  type JobStateRecordFilter,
} from '../api/documents.generated.ts'
import { request } from '../api/request.ts'
import type { Exportable } from '../export/exportFile.ts'

type Loaded = ExportRecordsQuery['jobStateRecords']['nodes'][number]
type ExportedRecord = Loaded['job'] & Omit<Loaded, 'job'>

const COLUMNS = [
  'timestamp',
  'jobId',
  'userId',
  'sequence',
  'previousState',
  'newState',
  'previousStateDurationMs',
  'actor',
  'reason',
  'error',
  'metadata',
] as const satisfies (keyof ExportedRecord)[]

export function exportableRecords(filter: JobStateRecordFilter): Exportable<ExportedRecord> {
  return {
    noun: 'record',
    columns: COLUMNS,
    async loadPage(at, signal) {
      const { jobStateRecords } = await request(ExportRecordsDocument, { filter, ...at }, { signal })
      const nodes = jobStateRecords.nodes.map(({ job, ...record }) => ({ ...job, ...record }))
      return { nodes, pageInfo: jobStateRecords.pageInfo }
    },
  }
}
