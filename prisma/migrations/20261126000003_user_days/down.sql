DELETE FROM "job_statistics" WHERE "user_id" <> '' AND "bucket_seconds" = 86400;

-- Adds these records to the sums, or takes them off (sign -1). The caller holds the row of the follower.
CREATE OR REPLACE FUNCTION "jobledger_change_sums"("records" bigint[], "sign" integer) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan
SET work_mem = '64MB'
SET jit = off
AS $$
BEGIN
  WITH facts AS MATERIALIZED (
    SELECT jobs.user_id, record.previous_state, record.new_state,
      -- Behind the deletion of a job there is no record.
      jobs.deleted_at IS NOT NULL AND record.sequence = jobs.version AS is_deletion,
      date_bin('1 minute', record.timestamp, timestamptz '2000-01-01 00:00Z') AS minute,
      date_bin('1 hour', record.timestamp, timestamptz '2000-01-01 00:00Z') AS hour,
      date_bin('1 day', record.timestamp, timestamptz '2000-01-01 00:00Z') AS day,
      jobledger_measure(record.previous_state, record.new_state) AS measure,
      jobledger_duration_bucket(record.previous_state_duration_ms) AS bucket
    FROM unnest(records) AS wanted (id) JOIN job_states AS record USING (id) JOIN jobs ON jobs.id = record.job_id
  ), counted AS (
    INSERT INTO job_counts AS known (user_id, state, deleted, count)
    SELECT coalesce(user_id, ''), change.state, change.deleted, sign * sum(change.count)
    FROM facts CROSS JOIN LATERAL (
      VALUES (new_state, is_deletion, 1), (previous_state, false, -1)
    ) AS change (state, deleted, count)
    WHERE change.state IS NOT NULL
    GROUP BY GROUPING SETS ((user_id, change.state, change.deleted), (change.state, change.deleted))
    ON CONFLICT (user_id, state, deleted) DO UPDATE SET count = known.count + excluded.count
  ), happened AS (
    SELECT coalesce(user_id, '') AS user_id,
      CASE WHEN minute IS NOT NULL THEN 60 WHEN hour IS NOT NULL THEN 3600 ELSE 86400 END AS bucket_seconds,
      coalesce(minute, hour, day) AS start,
      sign * count(*) FILTER (WHERE previous_state IS NULL) AS created,
      sign * count(*) FILTER (WHERE new_state = 'PROCESSING') AS started,
      sign * count(*) FILTER (WHERE new_state = 'COMPLETED') AS completed,
      sign * count(*) FILTER (WHERE new_state = 'FAILED') AS failed,
      sign * count(*) FILTER (WHERE new_state = 'CANCELLED' AND previous_state IN ('PENDING', 'PROCESSING')) AS cancelled
    FROM facts GROUP BY GROUPING SETS ((minute), (hour), (day), (user_id, hour))
  ), measured AS (
    SELECT coalesce(user_id, '') AS user_id,
      CASE WHEN minute IS NOT NULL THEN 60 WHEN hour IS NOT NULL THEN 3600 ELSE 86400 END AS bucket_seconds,
      coalesce(minute, hour, day) AS start, measure, bucket, sign * count(*) AS count
    FROM facts WHERE measure IS NOT NULL
    GROUP BY GROUPING SETS (
      (measure, bucket, minute), (measure, bucket, hour), (measure, bucket, day), (measure, bucket, user_id, hour))
    UNION ALL
    SELECT known.user_id, known.bucket_seconds, known.start, histogram.measure, histogram.bucket, histogram.count
    FROM happened JOIN job_statistics AS known USING (user_id, bucket_seconds, start) CROSS JOIN LATERAL (
      SELECT 'wait', * FROM unnest(known.wait_buckets, known.wait_counts)
      UNION ALL
      SELECT 'processing', * FROM unnest(known.processing_buckets, known.processing_counts)
    ) AS histogram (measure, bucket, count)
  ), merged AS (
    SELECT user_id, bucket_seconds, start, measure, bucket, sum(count)::integer AS count
    FROM measured GROUP BY user_id, bucket_seconds, start, measure, bucket HAVING sum(count) <> 0
  ), histograms AS (
    SELECT user_id, bucket_seconds, start,
      array_agg(bucket ORDER BY bucket) FILTER (WHERE measure = 'wait') AS wait_buckets,
      array_agg(count ORDER BY bucket) FILTER (WHERE measure = 'wait') AS wait_counts,
      array_agg(bucket ORDER BY bucket) FILTER (WHERE measure = 'processing') AS processing_buckets,
      array_agg(count ORDER BY bucket) FILTER (WHERE measure = 'processing') AS processing_counts
    FROM merged GROUP BY user_id, bucket_seconds, start
  )
  INSERT INTO job_statistics AS known (user_id, bucket_seconds, start, created, started, completed, failed, cancelled,
    wait_buckets, wait_counts, processing_buckets, processing_counts)
  SELECT user_id, bucket_seconds, start, created, started, completed, failed, cancelled,
    coalesce(wait_buckets, '{}'), coalesce(wait_counts, '{}'), coalesce(processing_buckets, '{}'), coalesce(processing_counts, '{}')
  FROM happened LEFT JOIN histograms USING (user_id, bucket_seconds, start)
  ON CONFLICT (user_id, bucket_seconds, start) DO UPDATE SET
    created = known.created + excluded.created,
    started = known.started + excluded.started,
    completed = known.completed + excluded.completed,
    failed = known.failed + excluded.failed,
    cancelled = known.cancelled + excluded.cancelled,
    wait_buckets = excluded.wait_buckets,
    wait_counts = excluded.wait_counts,
    processing_buckets = excluded.processing_buckets,
    processing_counts = excluded.processing_counts;
END
$$;
