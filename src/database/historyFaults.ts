// Finds histories that violate what the guards enforce. For programs that bypass the guards, such
// as the seed, and for operators who suspect tampering.
import type { Queryable } from './queryable.ts'

export interface HistoryFault {
  jobId: string
  /**
   * The version of the first wrong record. For a fault of the job itself, the version of the job.
   */
  sequence: number
  fault: string
}

// The last record of a deleted job is its deletion. That is the one transition allowed from every
// state.
const FAULTS = `
  WITH records AS (
    SELECT r.*, j.version, j.deleted_at, j.created_at AS job_created_at,
      lag(r.sequence) OVER w AS before_sequence, lag(r.new_state) OVER w AS before_state, lag(r."timestamp") OVER w AS before_timestamp
    FROM job_states AS r JOIN jobs AS j ON j.id = r.job_id
    WINDOW w AS (PARTITION BY r.job_id ORDER BY r.sequence)
  ), faults AS (
    SELECT job_id, sequence, CASE
      WHEN sequence <> coalesce(before_sequence, 0) + 1 THEN 'a record is missing before this one'
      WHEN previous_state IS DISTINCT FROM before_state THEN 'its previous state is not the new state of the record before it'
      WHEN sequence = 1 AND new_state <> 'PENDING' THEN 'the first state is not PENDING'
      WHEN sequence = 1 AND "timestamp" <> job_created_at THEN 'its time is not the time of creation of the job'
      WHEN sequence > 1 AND NOT jobledger.is_legal_transition(previous_state, new_state, deleted_at IS NOT NULL AND sequence = version)
        THEN 'the transition is not legal'
      WHEN "timestamp" < before_timestamp THEN 'it is earlier than the record before it'
      WHEN sequence > 1 AND previous_state_duration_ms <> round(extract(epoch FROM "timestamp" - before_timestamp) * 1000)
        THEN 'its duration is not the time since the record before it'
      WHEN error IS NOT NULL AND new_state <> 'FAILED' THEN 'it has an error, but its new state is not FAILED'
    END AS fault FROM records
  )
  SELECT job_id AS "jobId", sequence, fault FROM faults WHERE fault IS NOT NULL
  UNION ALL
  SELECT j.id, j.version, 'the attempts of the job are not as many as in its history' FROM jobs AS j
  WHERE j.attempt <> (SELECT count(*) FROM job_states AS r WHERE r.job_id = j.id AND r.new_state = 'PROCESSING')
  UNION ALL
  SELECT j.id, j.version, 'the job differs from its last record' FROM jobs AS j
  WHERE (SELECT (r.sequence, r.new_state, r.actor, r.reason, r.error) FROM job_states AS r WHERE r.job_id = j.id ORDER BY r.sequence DESC LIMIT 1)
    IS DISTINCT FROM (j.version, j.state, j.state_actor, j.state_reason, j.state_error)
  UNION ALL
  SELECT v.job_id, min(j.version), 'a record of its result is missing' FROM job_result_records AS v JOIN jobs AS j ON j.id = v.job_id
  GROUP BY v.job_id HAVING max(v.revision) <> count(*)
  UNION ALL
  SELECT j.id, j.version, 'the result differs from its last record' FROM job_results AS r
  FULL JOIN (SELECT DISTINCT ON (job_id) * FROM job_result_records ORDER BY job_id, revision DESC) AS v ON v.job_id = r.job_id
  JOIN jobs AS j ON j.id = coalesce(r.job_id, v.job_id)
  WHERE (v.revision, v.status, v.output::text, v.error_message, v.processing_time_ms, v.actor, v."timestamp")
    IS DISTINCT FROM (r.revision, r.status, r.output::text, r.error_message, r.processing_time_ms, r.actor, r.updated_at)
  ORDER BY 1, 2
  LIMIT 100`

/** Returns the first 100 faults of all histories. Reads all tables completely. */
export async function findHistoryFaults(database: Queryable): Promise<HistoryFault[]> {
  return (await database.query<HistoryFault>(FAULTS)).rows
}
