-- The roll-up: counts of jobs and statistics over time, as sums over the records up to the
-- checkpoint of the consumer "rollup". Later records are the tail. Exact numbers are the sums plus
-- the tail, read in one snapshot. The sums change in one transaction with the checkpoint, so that a
-- crash makes them neither wrong nor double. Writers of jobs neither run a trigger of the roll-up
-- nor wait for it; only a purge does.

-- How many jobs are in a state; "user_id" '' means all users. Deleted jobs have rows of their own.
CREATE TABLE "jobledger"."job_counts" (
  "user_id" TEXT NOT NULL,
  "state" "public"."job_state" NOT NULL,
  "deleted" BOOLEAN NOT NULL,
  "count" BIGINT NOT NULL,

  CONSTRAINT "pk_job_counts" PRIMARY KEY ("user_id", "state", "deleted")
) WITH (fillfactor = 70);

-- What happened in a minute (60), an hour (3600) or a day (86400) of UTC to the jobs of all users
-- (''), and in an hour or a day to the jobs of one user: a row for each minute and user would be a
-- row for each job. Waiting and processing times are histograms: the numbers of the buckets
-- (jobledger.duration_bucket), ascending, and the number of durations in each.
CREATE TABLE "jobledger"."job_statistics" (
  "user_id" TEXT NOT NULL,
  "bucket_seconds" INTEGER NOT NULL,
  "start" TIMESTAMPTZ(3) NOT NULL,
  "created" INTEGER NOT NULL,
  "started" INTEGER NOT NULL,
  "completed" INTEGER NOT NULL,
  "failed" INTEGER NOT NULL,
  "cancelled" INTEGER NOT NULL,
  "wait_buckets" INTEGER[] NOT NULL,
  "wait_counts" INTEGER[] NOT NULL,
  "processing_buckets" INTEGER[] NOT NULL,
  "processing_counts" INTEGER[] NOT NULL,

  CONSTRAINT "pk_job_statistics" PRIMARY KEY ("user_id", "bucket_seconds", "start")
) WITH (fillfactor = 70);

-- Before the first record: the sums are empty.
INSERT INTO "jobledger"."consumers" ("name", "transaction_id", "record_id") VALUES ('rollup', 0, 0);

-- Returns the bucket of a duration: -1 for less than a millisecond; else the least b with ms <=
-- g^b, where g = 1.02 / 0.98. The middle of the bucket, 2 g^b / (g + 1), has a relative error of at
-- most 2 % (src/ledger/durations.ts; "DDSketch", Masson, Rim and Lee, 2019).
CREATE FUNCTION "jobledger"."duration_bucket"("ms" bigint) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN "ms" < 1 THEN -1
  ELSE ceil(ln("ms"::double precision) / ln(1.02::double precision / 0.98::double precision))::integer END;

-- Returns what the time in the state before is in the statistics: the wait for a worker, the
-- processing, or null for neither.
CREATE FUNCTION "jobledger"."duration_kind"("previous" "public"."job_state", "next" "public"."job_state") RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN "next" = 'PROCESSING' THEN 'wait'
  WHEN "previous" = 'PROCESSING' AND "next" IN ('COMPLETED', 'FAILED') THEN 'processing'
END;

-- Adds the records to the sums (sign 1) or subtracts them (-1). The caller holds the lock of the
-- consumer's row.
CREATE FUNCTION "jobledger"."apply_to_rollup"("records" bigint[], "sign" integer) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
SET plan_cache_mode = force_custom_plan
SET work_mem = '64MB'
SET jit = off
AS $$
BEGIN
  WITH facts AS MATERIALIZED (
    SELECT jobs.user_id, record.previous_state, record.new_state,
      -- A deletion is the last record of a job.
      jobs.deleted_at IS NOT NULL AND record.sequence = jobs.version AS is_deletion,
      date_bin('1 minute', record.timestamp, timestamptz '2000-01-01 00:00Z') AS minute,
      date_bin('1 hour', record.timestamp, timestamptz '2000-01-01 00:00Z') AS hour,
      date_bin('1 day', record.timestamp, timestamptz '2000-01-01 00:00Z') AS day,
      duration_kind(record.previous_state, record.new_state) AS kind,
      duration_bucket(record.previous_state_duration_ms) AS bucket
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
    FROM facts GROUP BY GROUPING SETS ((minute), (hour), (day), (user_id, hour), (user_id, day))
  ), measured AS (
    SELECT coalesce(user_id, '') AS user_id,
      CASE WHEN minute IS NOT NULL THEN 60 WHEN hour IS NOT NULL THEN 3600 ELSE 86400 END AS bucket_seconds,
      coalesce(minute, hour, day) AS start, kind, bucket, sign * count(*) AS count
    FROM facts WHERE kind IS NOT NULL
    GROUP BY GROUPING SETS (
      (kind, bucket, minute), (kind, bucket, hour), (kind, bucket, day), (kind, bucket, user_id, hour),
      (kind, bucket, user_id, day))
    UNION ALL
    SELECT known.user_id, known.bucket_seconds, known.start, histogram.kind, histogram.bucket, histogram.count
    FROM happened JOIN job_statistics AS known USING (user_id, bucket_seconds, start) CROSS JOIN LATERAL (
      SELECT 'wait', * FROM unnest(known.wait_buckets, known.wait_counts)
      UNION ALL
      SELECT 'processing', * FROM unnest(known.processing_buckets, known.processing_counts)
    ) AS histogram (kind, bucket, count)
  ), merged AS (
    SELECT user_id, bucket_seconds, start, kind, bucket, sum(count)::integer AS count
    FROM measured GROUP BY user_id, bucket_seconds, start, kind, bucket HAVING sum(count) <> 0
  ), histograms AS (
    SELECT user_id, bucket_seconds, start,
      array_agg(bucket ORDER BY bucket) FILTER (WHERE kind = 'wait') AS wait_buckets,
      array_agg(count ORDER BY bucket) FILTER (WHERE kind = 'wait') AS wait_counts,
      array_agg(bucket ORDER BY bucket) FILTER (WHERE kind = 'processing') AS processing_buckets,
      array_agg(count ORDER BY bucket) FILTER (WHERE kind = 'processing') AS processing_counts
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

-- Empties the sums and sets the checkpoint before the first record, also for roles that may not
-- delete sums.
CREATE FUNCTION "jobledger"."reset_rollup"() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
BEGIN
  -- Locks the row first, so that the sums do not change meanwhile.
  INSERT INTO consumers (name, transaction_id, record_id) VALUES ('rollup', 0, 0)
  ON CONFLICT (name) DO UPDATE SET transaction_id = 0, record_id = 0, updated_at = now();
  -- TRUNCATE would empty them for older snapshots, too.
  DELETE FROM job_counts;
  DELETE FROM job_statistics;
END
$$;

REVOKE EXECUTE ON FUNCTION "jobledger"."reset_rollup"() FROM PUBLIC;

-- Adds at most "max_records" next records below the horizon to the sums, moves the checkpoint after
-- them, and returns their number. Concurrent calls run one after another.
CREATE FUNCTION "jobledger"."advance_rollup"("max_records" integer) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
DECLARE
  checkpoint consumers;
  records bigint[];
  last_transaction bigint;
BEGIN
  SELECT * INTO checkpoint FROM consumers WHERE name = 'rollup' FOR UPDATE;
  -- The row was deleted, or sums were loaded without it (a restore of only the data): they are sums
  -- of unknown records.
  IF NOT FOUND OR checkpoint.transaction_id = 0 AND (EXISTS (SELECT FROM job_counts) OR EXISTS (SELECT FROM job_statistics)) THEN
    PERFORM reset_rollup();
    SELECT * INTO checkpoint FROM consumers WHERE name = 'rollup';
  END IF;
  SELECT array_agg(batch.id), max(batch.transaction_id) INTO records, last_transaction
  FROM (
    SELECT transaction_id, id FROM job_states
    WHERE (transaction_id, id) > (checkpoint.transaction_id, checkpoint.record_id) AND transaction_id < visible_xmin()
    ORDER BY transaction_id, id LIMIT max_records
  ) AS batch;
  IF records IS NULL THEN
    RETURN 0;
  END IF;
  PERFORM apply_to_rollup(records, 1);
  UPDATE consumers SET transaction_id = last_transaction, record_id = records[cardinality(records)], updated_at = now()
  WHERE name = 'rollup';
  RETURN cardinality(records);
END
$$;

-- Subtracts the records of a purged job from the sums.
CREATE FUNCTION "jobledger"."remove_from_rollup"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
DECLARE
  checkpoint consumers;
  records bigint[];
BEGIN
  -- An update, not only a lock: a transaction with an older snapshot (REPEATABLE READ) must fail to
  -- add these records.
  UPDATE consumers SET updated_at = updated_at WHERE name = 'rollup' RETURNING * INTO checkpoint;
  IF NOT FOUND THEN
    -- The row was deleted. A session that creates it again may be adding these records: waits for
    -- it, then starts over.
    PERFORM reset_rollup();
    RETURN OLD;
  END IF;
  records := ARRAY (
    SELECT id FROM job_states
    WHERE job_id = OLD.id AND (transaction_id, id) <= (checkpoint.transaction_id, checkpoint.record_id));
  IF cardinality(records) > 0 THEN
    PERFORM apply_to_rollup(records, -1);
  END IF;
  RETURN OLD;
END
$$;

-- After "guard_delete": triggers fire in the order of their names.
CREATE TRIGGER "remove_from_rollup" BEFORE DELETE ON "public"."jobs" FOR EACH ROW
  EXECUTE FUNCTION jobledger.remove_from_rollup();
