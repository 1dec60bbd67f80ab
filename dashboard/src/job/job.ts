// What the page knows of a job.
import type { HistoryRecordFragment, JobDetailsFragment } from '../api/documents.generated.ts'

export type Job = JobDetailsFragment
export type HistoryRecord = HistoryRecordFragment
