// The statements that a program without the API would send for the same operations: through pg, and
// with other parameters through pgbench.

/**
 * $1 id, $2 the new state, $3 the allowed source states, $4 actor. Releasing a job raises
 * `releases`.
 */
export const TRANSITION = `
  UPDATE jobs SET state = $2::job_state, version = version + 1, state_reason = NULL, state_actor = $4, state_metadata = '{}',
    releases = releases + CASE $2::job_state WHEN 'PENDING' THEN 1 ELSE 0 END
  WHERE id = $1 AND deleted_at IS NULL AND state = ANY ($3::job_state[]) RETURNING *`

/** $1 the items as JSON, $2 actor. */
export const TRANSITIONS = `
  SELECT result.applied, (result.job).* FROM jobledger.transition_jobs($1::json, $2) AS result ORDER BY result.ordinal`

/** $1 user, $2 content, $3 preset, $4 metadata, $5 actor. */
export const CREATE = `
  INSERT INTO jobs (user_id, content, preset, metadata, state_actor) VALUES ($1, $2, $3, $4, $5) RETURNING *`

/** $1 worker, $2 actor: the one job that is next in the queue. */
export const CLAIM = `
  WITH RECURSIVE level AS (
    (SELECT priority FROM jobs WHERE state = 'PENDING' ORDER BY priority DESC LIMIT 1)
    UNION ALL
    SELECT (SELECT jobs.priority FROM jobs WHERE jobs.state = 'PENDING' AND jobs.priority < level.priority ORDER BY jobs.priority DESC LIMIT 1)
    FROM level WHERE level.priority IS NOT NULL
  ), due AS MATERIALIZED (
    SELECT job.id FROM level CROSS JOIN LATERAL (
      SELECT id FROM jobs WHERE state = 'PENDING' AND priority = level.priority AND run_at <= now()
      ORDER BY run_at, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
    ) AS job LIMIT 1
  )
  UPDATE jobs SET state = 'PROCESSING', version = version + 1, state_actor = $2, state_reason = 'claimed by ' || $1::text,
    state_metadata = jsonb_build_object('workerId', $1::text), lease_expires_at = jobledger.current_instant() + interval '60 seconds'
  WHERE id = ANY (ARRAY(SELECT id FROM due)) RETURNING *`

/** $1 id, $2 the expected version, $3 actor, $4 the output. */
export const COMPLETE = `
  WITH moved AS (
    UPDATE jobs SET state = 'COMPLETED', version = version + 1, state_reason = NULL, state_actor = $3, state_metadata = '{}'
    WHERE id = $1 AND deleted_at IS NULL AND state = 'PROCESSING' AND version = $2 RETURNING *
  ), kept AS (
    INSERT INTO job_results AS kept (job_id, actor, status, output) SELECT id, $3, 'success', $4::jsonb FROM moved
    ON CONFLICT (job_id) DO UPDATE SET status = excluded.status, output = excluded.output, error_message = NULL,
      processing_time_ms = NULL, revision = kept.revision + 1, actor = excluded.actor
  )
  SELECT * FROM moved`
