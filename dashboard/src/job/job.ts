// A job, as its page reads it.
import type { HistoryRecordFragment, JobDetailsFragment } from '../api/documents.generated.ts'

export type Job = JobDetailsFragment
export type HistoryRecord = HistoryRecordFragment
