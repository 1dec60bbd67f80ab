-- The schema that the migrations create, for review, and for servers to compare with theirs.
-- Generated after a new migration:
-- npx vitest run test/database/schemaDrift.slow.test.ts -u

-- schema jobledger
CREATE SCHEMA jobledger;

-- schema public
CREATE SCHEMA public;

-- type job_result_status
CREATE TYPE public.job_result_status AS ENUM ('success', 'error', 'timeout');

-- type job_state
CREATE TYPE public.job_state AS ENUM ('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED');

-- type role
CREATE TYPE public.role AS ENUM ('USER', 'WORKER', 'AUDITOR', 'ADMIN');

-- sequence job_states_id_seq
CREATE SEQUENCE public.job_states_id_seq AS bigint INCREMENT 1 MINVALUE 1 MAXVALUE 9223372036854775807;

-- function jobledger.advance_rollup
CREATE OR REPLACE FUNCTION jobledger.advance_rollup(max_records integer)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
 SET plan_cache_mode TO 'force_custom_plan'
 SET jit TO 'off'
AS $function$
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
$function$;

-- function jobledger.apply_to_rollup
CREATE OR REPLACE FUNCTION jobledger.apply_to_rollup(records bigint[], sign integer)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
 SET plan_cache_mode TO 'force_custom_plan'
 SET work_mem TO '64MB'
 SET jit TO 'off'
AS $function$
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
$function$;

-- function jobledger.begin_timeline
CREATE OR REPLACE FUNCTION jobledger.begin_timeline(latest bigint, common jobledger.consumers)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
DECLARE
  next bigint := pg_snapshot_xmax(pg_current_snapshot())::text::bigint + (SELECT value FROM transaction_offsets);
  -- 2^40: more transactions than the lost end of a timeline can have.
  beginning bigint := greatest(latest, next) + 1099511627776;
BEGIN
  INSERT INTO ledger_timelines (epoch, begins_at, common_transaction_id, common_record_id, location)
  SELECT greatest(max(epoch) + 1, floor(date_part('epoch', clock_timestamp()) * 1000)::bigint), beginning,
    coalesce(common.transaction_id, 0), coalesce(common.record_id, 0), database_location()
  FROM ledger_timelines;
  -- Counted from the oldest transaction that runs, not from this one: that one may still write
  -- records.
  UPDATE transaction_offsets SET value = beginning - pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
END
$function$;

-- function jobledger.begin_timeline_if_moved
CREATE OR REPLACE FUNCTION jobledger.begin_timeline_if_moved()
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
DECLARE
  common consumers;
BEGIN
  IF (SELECT location FROM ledger_timelines ORDER BY epoch DESC LIMIT 1) = database_location() IS NOT FALSE THEN
    RETURN false;
  END IF;
  -- One session at a time. None has written here: each checks first.
  PERFORM FROM transaction_offsets FOR UPDATE;
  IF (SELECT location FROM ledger_timelines ORDER BY epoch DESC LIMIT 1) = database_location() IS NOT FALSE THEN
    RETURN false;
  END IF;
  -- A checkpoint was below the horizon when it was committed: everything up to it is in the old
  -- timeline and in this one.
  SELECT * INTO common FROM consumers ORDER BY transaction_id DESC, record_id DESC LIMIT 1;
  PERFORM begin_timeline(greatest((SELECT max(transaction_id) FROM job_states),
    (SELECT max(transaction_id) FROM job_result_records), common.transaction_id), common);
  RETURN true;
END
$function$;

-- function jobledger.blocking_consumer
CREATE OR REPLACE FUNCTION jobledger.blocking_consumer(job uuid)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
  SELECT consumers.name FROM (
    SELECT transaction_id, id FROM job_states WHERE job_id = job ORDER BY sequence DESC LIMIT 1
  ) AS latest JOIN consumers ON (consumers.transaction_id, consumers.record_id) < (latest.transaction_id, latest.id)
  WHERE consumers.name <> 'rollup' ORDER BY consumers.name LIMIT 1
$function$;

-- function jobledger.check_response_size
CREATE OR REPLACE FUNCTION jobledger.check_response_size(bytes bigint, max_bytes bigint)
 RETURNS bigint
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
  IF bytes > max_bytes THEN
    RAISE EXCEPTION USING ERRCODE = 'JL020', DETAIL = bytes,
      MESSAGE = format('The response has %s bytes; the limit is %s.', bytes, max_bytes);
  END IF;
  RETURN bytes;
END
$function$;

-- function jobledger.check_timeline
CREATE OR REPLACE FUNCTION jobledger.check_timeline()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
BEGIN
  PERFORM set_config('jobledger.timeline', 'job_states'::regclass::oid::text, false);
  PERFORM begin_timeline_if_moved();
  RETURN NULL;
END
$function$;

-- function jobledger.current_instant
CREATE OR REPLACE FUNCTION jobledger.current_instant()
 RETURNS timestamp with time zone
 LANGUAGE sql
 PARALLEL SAFE
RETURN date_trunc('milliseconds'::text, clock_timestamp());

-- function jobledger.database_location
CREATE OR REPLACE FUNCTION jobledger.database_location()
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
  SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
    left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
    (SELECT oid FROM pg_database WHERE datname = current_database()), 'public.job_states'::regclass::oid)
$function$;

-- function jobledger.duration_bucket
CREATE OR REPLACE FUNCTION jobledger.duration_bucket(ms bigint)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (ms < 1) THEN '-1'::integer ELSE (ceil((ln((ms)::double precision) / ln(((1.02)::double precision / (0.98)::double precision)))))::integer END;

-- function jobledger.duration_kind
CREATE OR REPLACE FUNCTION jobledger.duration_kind(previous public.job_state, next public.job_state)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (next = 'PROCESSING'::public.job_state) THEN 'wait'::text WHEN ((previous = 'PROCESSING'::public.job_state) AND (next = ANY (ARRAY['COMPLETED'::public.job_state, 'FAILED'::public.job_state]))) THEN 'processing'::text ELSE NULL::text END;

-- function jobledger.follow_up
CREATE OR REPLACE FUNCTION jobledger.follow_up()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
DECLARE
  failures integer := NEW.attempt - NEW.releases;
BEGIN
  IF NEW.state = 'FAILED' THEN
    -- Not before "created_at": the job would be due at once.
    UPDATE jobs SET state = 'PENDING', version = version + 1, state_actor = 'system:retry', state_metadata = '{}',
      state_reason = format('attempt %s of %s failed', failures, NEW.max_attempts),
      run_at = date_trunc('milliseconds', greatest(current_instant(), NEW.created_at) + retry_delay(failures))
    WHERE id = NEW.id;
  ELSE
    UPDATE jobs SET state = 'CANCELLED', version = version + 1, state_actor = 'system:cancel', state_metadata = '{}',
      state_reason = concat('requested by ', NEW.cancel_requested_by, ': ' || NEW.cancel_reason)
    WHERE id = NEW.id;
  END IF;
  RETURN NULL;
END
$function$;

-- function jobledger.guard_api_key
CREATE OR REPLACE FUNCTION jobledger.guard_api_key()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
BEGIN
  IF TG_OP <> 'UPDATE' THEN
    RAISE EXCEPTION USING ERRCODE = 'JL007', TABLE = 'api_keys',
      MESSAGE = 'API keys are revoked, not removed: records name them.', HINT = 'Set revoked_at to now().';
  END IF;
  IF (OLD.id, OLD.name, OLD.key_hash, OLD.roles, OLD.user_id, OLD.created_at)
    IS DISTINCT FROM (NEW.id, NEW.name, NEW.key_hash, NEW.roles, NEW.user_id, NEW.created_at) THEN
    RAISE EXCEPTION USING ERRCODE = 'JL007', TABLE = 'api_keys',
      MESSAGE = format('These columns of API key %s never change: id, name, key_hash, roles, user_id, created_at.', OLD.name),
      HINT = 'Revoke it and create another.';
  END IF;
  IF OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN
    RAISE EXCEPTION USING ERRCODE = 'JL007', TABLE = 'api_keys', COLUMN = 'revoked_at',
      MESSAGE = format('API key %s is revoked: revoked_at never changes.', OLD.name), HINT = 'Create another key.';
  END IF;
  RETURN NEW;
END
$function$;

-- function jobledger.guard_job_error
CREATE OR REPLACE FUNCTION jobledger.guard_job_error()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
BEGIN
  IF NEW.version = OLD.version THEN
    IF NEW.state_error IS DISTINCT FROM OLD.state_error THEN
      RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs', COLUMN = 'state_error',
        MESSAGE = format('state_error of job %s changes only with its state.', OLD.id);
    END IF;
  ELSIF NEW.state <> 'FAILED' OR NEW.state_actor = concat('db:', SESSION_USER) THEN
    -- A direct edit has no error of its own.
    NEW.state_error := NULL;
  END IF;
  RETURN NEW;
END
$function$;

-- function jobledger.guard_job_immutable
CREATE OR REPLACE FUNCTION jobledger.guard_job_immutable()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
BEGIN
  -- As text: 1.10 and 1.1 are equal as JSON, but differ in what they show.
  IF (OLD.id, OLD.user_id, OLD.content, OLD.preset, OLD.metadata::text, OLD.priority, OLD.max_attempts, OLD.created_at,
      OLD.idempotency_key, OLD.request_hash, OLD.salt)
    IS DISTINCT FROM (NEW.id, NEW.user_id, NEW.content, NEW.preset, NEW.metadata::text, NEW.priority, NEW.max_attempts,
      NEW.created_at, NEW.idempotency_key, NEW.request_hash, NEW.salt) THEN
    RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs',
      MESSAGE = format('These columns of job %s never change: id, user_id, content, preset, metadata, priority, max_attempts, created_at, idempotency_key, request_hash, salt.',
        OLD.id);
  END IF;
  RETURN NEW;
END
$function$;

-- function jobledger.guard_job_insert
CREATE OR REPLACE FUNCTION jobledger.guard_job_insert()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
DECLARE
  created timestamptz := uuid_time(NEW.id);
BEGIN
  IF NEW.state <> 'PENDING' OR NEW.version <> 1
    OR NEW.started_at IS NOT NULL OR NEW.completed_at IS NOT NULL OR NEW.deleted_at IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'JL006', TABLE = 'jobs',
      MESSAGE = format('A new job must be PENDING, with version 1 and without start, completion and deletion (got %s, version %s).',
        NEW.state, NEW.version);
  END IF;
  IF NEW.attempt <> 0 OR NEW.releases <> 0 OR NEW.lease_expires_at IS NOT NULL OR NEW.cancel_requested_at IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'JL006', TABLE = 'jobs',
      MESSAGE = 'A new job must have no attempts, releases, lease or cancellation request.';
  END IF;
  -- A job from the future would be the first of every list until then.
  IF created > clock_timestamp() + interval '1 minute' THEN
    RAISE EXCEPTION USING ERRCODE = 'JL006', TABLE = 'jobs', COLUMN = 'id',
      MESSAGE = format('The id %s is in the future (%s). Omit it, and the database generates one.', NEW.id, created);
  END IF;
  -- If the id has no time, its CHECK refuses the row.
  NEW.created_at := coalesce(created, NEW.created_at);
  NEW.updated_at := NEW.created_at;
  NEW.run_at := greatest(NEW.run_at, NEW.created_at);
  IF NEW.state_actor <> concat('db:', SESSION_USER) AND NOT may_name_actor() THEN
    NEW.state_actor := concat('db:', SESSION_USER);
  END IF;
  IF NEW.state_actor = concat('db:', SESSION_USER) THEN
    NEW.state_reason := coalesce(NEW.state_reason, 'direct insert');
  END IF;
  RETURN NEW;
END
$function$;

-- function jobledger.guard_job_removal
CREATE OR REPLACE FUNCTION jobledger.guard_job_removal()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
DECLARE
  consumer text;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    RAISE EXCEPTION USING ERRCODE = 'JL005', TABLE = 'jobs', MESSAGE = 'Jobs cannot be truncated: their history would be lost.';
  END IF;
  -- Every role can set the setting: it only protects the owner from a mistake.
  IF OLD.deleted_at IS NULL OR current_setting('jobledger.purge', true) IS DISTINCT FROM 'on'
    OR NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
    RAISE EXCEPTION USING ERRCODE = 'JL005', TABLE = 'jobs',
      MESSAGE = format('Job %s cannot be removed: its history would be lost.', OLD.id),
      HINT = 'Soft-delete it: set state to CANCELLED and deleted_at to now().';
  END IF;
  consumer := blocking_consumer(OLD.id);
  IF consumer IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'JL005', TABLE = 'jobs',
      MESSAGE = format('Job %s cannot be purged yet: the consumer %s has not read all of its records.', OLD.id, consumer),
      HINT = 'Wait for the consumer. If it is no longer used, delete its row from jobledger.consumers.';
  END IF;
  INSERT INTO purged_jobs (job_id, purged_at, purged_by, version, records)
  SELECT OLD.id, current_instant(), SESSION_USER, OLD.version, count(*) FROM job_states WHERE job_id = OLD.id;
  RETURN OLD;
END
$function$;

-- function jobledger.guard_job_update
CREATE OR REPLACE FUNCTION jobledger.guard_job_update()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
DECLARE
  -- The clock may be set back; the history of a job never goes back.
  instant timestamptz := greatest(current_instant(), OLD.updated_at);
  deleting boolean := OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL;
BEGIN
  IF OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS DISTINCT FROM OLD.deleted_at THEN
    RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs', COLUMN = 'deleted_at',
      MESSAGE = format('Job %s is deleted: deleted_at never changes.', OLD.id);
  END IF;

  NEW.run_at := greatest(NEW.run_at, NEW.created_at);

  IF NEW.state = OLD.state AND NEW.version = OLD.version AND NOT deleting THEN
    IF (OLD.state_reason, OLD.state_actor, OLD.state_metadata, OLD.started_at, OLD.completed_at, OLD.attempt, OLD.releases)
      IS DISTINCT FROM
        (NEW.state_reason, NEW.state_actor, NEW.state_metadata, NEW.started_at, NEW.completed_at, NEW.attempt, NEW.releases) THEN
      RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs',
        MESSAGE = format('state_reason, state_actor, state_metadata, started_at, completed_at, attempt and releases of job %s change only with its state.',
          OLD.id);
    END IF;
    -- A job that waits for another attempt since the clock was ahead may become due earlier
    -- (src/ledger/shortenRetryWaits.ts). The next record has both times.
    IF NEW.run_at <> OLD.run_at AND (OLD.state = 'PENDING' AND OLD.state_actor = 'system:retry'
      AND OLD.updated_at > clock_timestamp() AND NEW.run_at < OLD.run_at) IS NOT TRUE THEN
      RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs', COLUMN = 'run_at',
        MESSAGE = format('run_at of job %s changes only with its state.', OLD.id);
    END IF;
    IF NEW.cancel_requested_at IS DISTINCT FROM OLD.cancel_requested_at THEN
      IF NEW.state <> 'PROCESSING' THEN
        RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs', COLUMN = 'cancel_requested_at',
          MESSAGE = format('Job %s is %s: only a PROCESSING job can be asked to stop.', OLD.id, OLD.state);
      END IF;
      IF NEW.cancel_requested_at IS NULL THEN
        NEW.cancel_requested_by := NULL;
        NEW.cancel_reason := NULL;
      ELSE
        NEW.cancel_requested_at := instant;
        NEW.cancel_requested_by := coalesce(CASE WHEN may_name_actor() THEN NEW.cancel_requested_by END,
          concat('db:', SESSION_USER));
      END IF;
    END IF;
    -- A lease is extended every few seconds: that alone is no update of the job.
    IF NEW.lease_expires_at IS DISTINCT FROM OLD.lease_expires_at
      AND (OLD.run_at, OLD.cancel_requested_at, OLD.cancel_requested_by, OLD.cancel_reason)
        IS NOT DISTINCT FROM (NEW.run_at, NEW.cancel_requested_at, NEW.cancel_requested_by, NEW.cancel_reason) THEN
      NEW.updated_at := OLD.updated_at;
    ELSE
      NEW.updated_at := instant;
    END IF;
    RETURN NEW;
  END IF;

  IF OLD.deleted_at IS NOT NULL OR NOT is_legal_transition(OLD.state, NEW.state, deleting) THEN
    RAISE EXCEPTION USING ERRCODE = 'JL001', TABLE = 'jobs', COLUMN = 'state',
      MESSAGE = format('Job %s cannot go from %s to %s.', OLD.id,
        OLD.state || CASE WHEN OLD.deleted_at IS NULL THEN '' ELSE ' (deleted)' END, NEW.state);
  END IF;

  -- A caller that follows the protocol raises the version by one and sets the actor. If the version
  -- is the same, a person edited the row, and the record says so.
  IF NEW.version = OLD.version THEN
    NEW.version := OLD.version + 1;
    NEW.state_actor := concat('db:', SESSION_USER);
    NEW.state_reason := 'direct update';
    NEW.state_metadata := '{}';
  ELSIF NEW.version <> OLD.version + 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'JL002', TABLE = 'jobs', COLUMN = 'version',
      MESSAGE = format('A transition must raise the version of job %s from %s to %s (got %s).',
        OLD.id, OLD.version, OLD.version + 1, NEW.version);
  -- Depth 2 is the transition that follows from another ("follow_up").
  ELSIF pg_trigger_depth() < 2 AND NOT may_name_actor() THEN
    NEW.state_actor := concat('db:', SESSION_USER);
  END IF;

  NEW.updated_at := instant;
  NEW.started_at := CASE NEW.state WHEN 'PENDING' THEN NULL WHEN 'PROCESSING' THEN instant ELSE OLD.started_at END;
  NEW.completed_at := CASE WHEN NEW.state IN ('PENDING', 'PROCESSING') THEN NULL ELSE coalesce(OLD.completed_at, instant) END;
  NEW.deleted_at := CASE WHEN deleting THEN instant END;

  NEW.attempt := OLD.attempt + CASE WHEN NEW.state = 'PROCESSING' THEN 1 ELSE 0 END;
  -- The caller raises it when a worker released the job, and not when the worker was lost: only a
  -- release is no used attempt.
  NEW.releases := OLD.releases
    + CASE WHEN OLD.state = 'PROCESSING' AND NEW.state = 'PENDING' AND NEW.releases > OLD.releases THEN 1 ELSE 0 END;
  IF NEW.state <> 'PROCESSING' THEN
    NEW.lease_expires_at := NULL;
  END IF;
  -- A request to stop applies to one attempt; the next one begins without it.
  IF NEW.state = 'PROCESSING' OR (OLD.state = 'FAILED' AND NEW.state = 'PENDING') THEN
    NEW.cancel_requested_at := NULL;
    NEW.cancel_requested_by := NULL;
    NEW.cancel_reason := NULL;
  ELSE
    NEW.cancel_requested_at := OLD.cancel_requested_at;
    NEW.cancel_requested_by := OLD.cancel_requested_by;
    NEW.cancel_reason := OLD.cancel_reason;
  END IF;
  RETURN NEW;
END
$function$;

-- function jobledger.guard_purged_job
CREATE OR REPLACE FUNCTION jobledger.guard_purged_job()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
BEGIN
  -- Depth 1 is an INSERT by hand.
  IF TG_OP <> 'INSERT' OR pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION USING ERRCODE = 'JL003', TABLE = 'purged_jobs',
      MESSAGE = format('Only the purge writes purged_jobs: %s of purged_jobs is refused.', TG_OP);
  END IF;
  RETURN NEW;
END
$function$;

-- function jobledger.guard_record_change
CREATE OR REPLACE FUNCTION jobledger.guard_record_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
BEGIN
  -- A purge removes the job first, then its records.
  IF TG_OP = 'DELETE' THEN
    IF NOT EXISTS (SELECT FROM jobs WHERE id = OLD.job_id) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'JL003', TABLE = 'job_states',
    MESSAGE = format('The history is append-only: %s of job_states is refused.', TG_OP);
END
$function$;

-- function jobledger.guard_record_insert
CREATE OR REPLACE FUNCTION jobledger.guard_record_insert()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
BEGIN
  -- Depth 1 is an INSERT by hand. A foreign trigger has a greater depth; but the record with the
  -- version and the state of the job exists already, so the unique index refuses another one.
  IF pg_trigger_depth() < 2 OR NOT EXISTS (
    SELECT FROM jobs WHERE id = NEW.job_id AND version = NEW.sequence AND state = NEW.new_state) THEN
    RAISE EXCEPTION USING ERRCODE = 'JL003', TABLE = 'job_states',
      MESSAGE = 'Only the database writes records, one for each change of the state of a job.',
      HINT = 'Change the state of the job, and the database writes the record.';
  END IF;
  NEW.database_role := SESSION_USER;
  NEW.transaction_id := greatest(
    NEW.transaction_id, pg_current_xact_id()::text::bigint + (SELECT value FROM transaction_offsets));
  RETURN NEW;
END
$function$;

-- function jobledger.guard_result
CREATE OR REPLACE FUNCTION jobledger.guard_result()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.created_at := current_instant();
    NEW.updated_at := NEW.created_at;
    NEW.revision := 1;
  ELSE
    IF (OLD.id, OLD.job_id, OLD.created_at) IS DISTINCT FROM (NEW.id, NEW.job_id, NEW.created_at) THEN
      RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'job_results',
        MESSAGE = format('id, job_id and created_at of the result of job %s never change.', OLD.job_id);
    END IF;
    IF (OLD.status, OLD.output::text, OLD.error_message, OLD.processing_time_ms)
      IS NOT DISTINCT FROM (NEW.status, NEW.output::text, NEW.error_message, NEW.processing_time_ms) THEN
      IF (OLD.revision, OLD.actor, OLD.database_role) IS DISTINCT FROM (NEW.revision, NEW.actor, NEW.database_role) THEN
        RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'job_results',
          MESSAGE = format('revision, actor and database_role of the result of job %s change only with its values.', OLD.job_id);
      END IF;
      NEW.updated_at := OLD.updated_at;
      RETURN NEW;
    END IF;
    -- As with the version of a job: if the revision is the same, a person edited the row.
    IF NEW.revision = OLD.revision THEN
      NEW.revision := OLD.revision + 1;
      NEW.actor := concat('db:', SESSION_USER);
    ELSIF NEW.revision <> OLD.revision + 1 THEN
      RAISE EXCEPTION USING ERRCODE = 'JL002', TABLE = 'job_results', COLUMN = 'revision',
        MESSAGE = format('A change must raise the revision of the result of job %s from %s to %s (got %s).',
          OLD.job_id, OLD.revision, OLD.revision + 1, NEW.revision);
    END IF;
    NEW.updated_at := greatest(current_instant(), OLD.updated_at);
  END IF;
  IF NOT may_name_actor() THEN
    NEW.actor := concat('db:', SESSION_USER);
  END IF;
  NEW.database_role := SESSION_USER;
  RETURN NEW;
END
$function$;

-- function jobledger.guard_result_record
CREATE OR REPLACE FUNCTION jobledger.guard_result_record()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- As with job_states: depth 1 is an INSERT by hand, and the unique index refuses a second
    -- record of a revision.
    IF pg_trigger_depth() >= 2 AND EXISTS (
      SELECT FROM job_results WHERE job_id = NEW.job_id AND revision = NEW.revision AND updated_at = NEW."timestamp") THEN
      NEW.transaction_id := greatest(
        NEW.transaction_id, pg_current_xact_id()::text::bigint + (SELECT value FROM transaction_offsets));
      RETURN NEW;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'JL003', TABLE = 'job_result_records',
      MESSAGE = 'Only the database writes records of results, one for each revision.',
      HINT = 'Change the result, and the database writes the record.';
  END IF;
  -- A purge removes the job first, then its records.
  IF TG_OP = 'DELETE' THEN
    IF NOT EXISTS (SELECT FROM jobs WHERE id = OLD.job_id) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'JL003', TABLE = 'job_result_records',
    MESSAGE = format('The history is append-only: %s of job_result_records is refused.', TG_OP);
END
$function$;

-- function jobledger.guard_result_removal
CREATE OR REPLACE FUNCTION jobledger.guard_result_removal()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF NOT EXISTS (SELECT FROM jobs WHERE id = OLD.job_id) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'JL005', TABLE = 'job_results',
    MESSAGE = format('A result is removed only with its job: %s of job_results is refused.', TG_OP);
END
$function$;

-- function jobledger.guard_seal
CREATE OR REPLACE FUNCTION jobledger.guard_seal()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
BEGIN
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'seal_tiles' THEN
    IF (OLD.level, OLD.tile, OLD.transaction_id, OLD.record_id)
        IS NOT DISTINCT FROM (NEW.level, NEW.tile, NEW.transaction_id, NEW.record_id)
      AND substr(NEW.hashes, 1, length(OLD.hashes)) = OLD.hashes
      AND NEW.record_ids[1:cardinality(OLD.record_ids)] IS NOT DISTINCT FROM OLD.record_ids THEN
      RETURN NEW;
    END IF;
  END IF;
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'seal_tiles' AND current_setting('jobledger.new_origin', true) = 'on'
    AND pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'JL003', TABLE = TG_TABLE_NAME,
    MESSAGE = format('The seal is append-only: %s of jobledger.%s is refused.', TG_OP, TG_TABLE_NAME);
END
$function$;

-- function jobledger.is_legal_transition
CREATE OR REPLACE FUNCTION jobledger.is_legal_transition(previous public.job_state, next public.job_state, deleting boolean)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN deleting THEN (next = 'CANCELLED'::public.job_state) WHEN (previous = 'PENDING'::public.job_state) THEN (next = ANY (ARRAY['PROCESSING'::public.job_state, 'CANCELLED'::public.job_state])) WHEN (previous = 'PROCESSING'::public.job_state) THEN (next = ANY (ARRAY['COMPLETED'::public.job_state, 'FAILED'::public.job_state, 'CANCELLED'::public.job_state, 'PENDING'::public.job_state])) WHEN (previous = 'FAILED'::public.job_state) THEN (next = 'PENDING'::public.job_state) ELSE false END;

-- function jobledger.may_name_actor
CREATE OR REPLACE FUNCTION jobledger.may_name_actor()
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
BEGIN
  IF EXISTS (SELECT FROM api_roles WHERE name = SESSION_USER) THEN
    RETURN true;
  END IF;
  RETURN EXISTS (
    SELECT FROM api_roles JOIN pg_roles AS api ON api.rolname = api_roles.name JOIN pg_roles AS own ON own.rolname = SESSION_USER
    WHERE NOT own.rolsuper AND pg_has_role(own.oid, api.oid, 'USAGE'));
END
$function$;

-- function jobledger.next_record_id
CREATE OR REPLACE FUNCTION jobledger.next_record_id()
 RETURNS bigint
 LANGUAGE sql
RETURN nextval('public.job_states_id_seq'::regclass);

-- function jobledger.purge
CREATE OR REPLACE FUNCTION jobledger.purge(deleted_before timestamp with time zone, max_jobs integer DEFAULT 1000)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
DECLARE
  purged integer;
  before text := coalesce(current_setting('jobledger.purge', true), '');
BEGIN
  -- Not by SET of the function: only a superuser may create such a function.
  PERFORM set_config('jobledger.purge', 'on', true);
  DELETE FROM jobs WHERE id = ANY (ARRAY (
    SELECT id FROM jobs WHERE deleted_at < deleted_before AND blocking_consumer(id) IS NULL
    ORDER BY deleted_at, id LIMIT max_jobs FOR UPDATE SKIP LOCKED));
  GET DIAGNOSTICS purged = ROW_COUNT;
  PERFORM set_config('jobledger.purge', before, true);
  RETURN purged;
END
$function$;

-- function jobledger.realign_transaction_ids
CREATE OR REPLACE FUNCTION jobledger.realign_transaction_ids(seen_epoch bigint DEFAULT NULL::bigint, seen bigint DEFAULT NULL::bigint)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
DECLARE
  timeline ledger_timelines;
  latest bigint;
  next bigint;
BEGIN
  IF pg_is_in_recovery() THEN
    RETURN false;
  END IF;
  -- pg_restore creates triggers after it has loaded the data of their table.
  IF (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND (tgrelid, tgname) IN (
    ('jobs'::regclass, 'record_transition'), ('job_states'::regclass, 'check_timeline'), ('consumers'::regclass, 'check_timeline'),
    ('job_result_records'::regclass, 'check_timeline')) OR tgname = 'record_result_update') < 5
    OR NOT EXISTS (SELECT FROM transaction_offsets) OR NOT EXISTS (SELECT FROM ledger_timelines)
  THEN
    RAISE EXCEPTION USING ERRCODE = 'JL008', TABLE = 'ledger_timelines',
      MESSAGE = 'The ledger is not complete: a restore is running, or its triggers were removed.',
      HINT = 'Wait for the restore to end. If none is running, restore again, into an empty database.';
  END IF;
  PERFORM set_config('jobledger.timeline', 'job_states'::regclass::oid::text, false);
  IF begin_timeline_if_moved() THEN
    RETURN true;
  END IF;
  FOR attempt IN 1..2 LOOP
    SELECT * INTO timeline FROM ledger_timelines ORDER BY epoch DESC LIMIT 1;
    -- A checkpoint may be after the last record: the consumer started at "now", or the record that
    -- it read last was purged.
    latest := greatest((SELECT max(transaction_id) FROM job_states), (SELECT max(transaction_id) FROM job_result_records),
      (SELECT max(transaction_id) FROM consumers), 0);
    next := pg_snapshot_xmax(pg_current_snapshot())::text::bigint + (SELECT value FROM transaction_offsets);
    IF latest < next AND (seen_epoch = timeline.epoch AND seen > next) IS NOT TRUE THEN
      IF timeline.location IS NULL THEN
        UPDATE ledger_timelines SET location = database_location() WHERE epoch = timeline.epoch AND location IS NULL;
      END IF;
      RETURN false;
    END IF;
    -- Blocks writers of records. Then checks again: another server may have just done it.
    LOCK TABLE job_states, job_result_records IN SHARE ROW EXCLUSIVE MODE;
  END LOOP;
  PERFORM begin_timeline(greatest(latest, seen), NULL);
  -- Records that were written here before are below the checkpoint of the roll-up: neither in the
  -- sums nor in the tail.
  IF latest >= next THEN
    PERFORM reset_rollup();
  END IF;
  RETURN true;
END
$function$;

-- function jobledger.record_error
CREATE OR REPLACE FUNCTION jobledger.record_error()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
BEGIN
  SELECT state_error INTO NEW.error FROM jobs WHERE id = NEW.job_id AND version = NEW.sequence;
  RETURN NEW;
END
$function$;

-- function jobledger.record_result
CREATE OR REPLACE FUNCTION jobledger.record_result()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
DECLARE
  -- That of the record before: the minimum for this one, which "guard_insert" raises.
  latest_transaction_id bigint := 0;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    SELECT transaction_id INTO latest_transaction_id FROM job_result_records
    WHERE job_id = OLD.job_id AND revision = OLD.revision AND (status, output::text, error_message, processing_time_ms)
      IS NOT DISTINCT FROM (OLD.status, OLD.output::text, OLD.error_message, OLD.processing_time_ms);
    IF NOT FOUND THEN
      RAISE EXCEPTION USING ERRCODE = 'JL003', TABLE = 'job_result_records',
        MESSAGE = format('The history of the result of job %s does not lead to revision %s; it was tampered with.',
          OLD.job_id, OLD.revision);
    END IF;
  END IF;
  INSERT INTO job_result_records (job_id, revision, status, output, error_message, processing_time_ms, actor, database_role,
    "timestamp", transaction_id)
  VALUES (NEW.job_id, NEW.revision, NEW.status, NEW.output, NEW.error_message, NEW.processing_time_ms, NEW.actor,
    NEW.database_role, NEW.updated_at, latest_transaction_id);
  RETURN NULL;
END
$function$;

-- function jobledger.record_transition
CREATE OR REPLACE FUNCTION jobledger.record_transition()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO job_states (job_id, sequence, new_state, reason, state_metadata, actor, "timestamp", run_at, transaction_id)
    VALUES (NEW.id, 1, NEW.state, NEW.state_reason, NEW.state_metadata, NEW.state_actor, NEW.created_at,
      nullif(NEW.run_at, NEW.created_at), 0);
    RETURN NULL;
  END IF;
  -- The transaction id of the record before is the minimum for this one; "guard_insert" raises it.
  INSERT INTO job_states (job_id, sequence, previous_state, new_state, reason, state_metadata, actor, "timestamp",
    previous_state_duration_ms, previous_run_at, run_at, transaction_id)
  SELECT NEW.id, NEW.version, OLD.state, NEW.state, NEW.state_reason, NEW.state_metadata, NEW.state_actor, NEW.updated_at,
    extract(epoch FROM NEW.updated_at - latest."timestamp") * 1000,
    CASE WHEN NEW.run_at <> coalesce(latest.run_at, OLD.run_at) THEN coalesce(latest.run_at, OLD.run_at) END,
    nullif(NEW.run_at, coalesce(latest.run_at, OLD.run_at)), latest.transaction_id
  FROM job_states AS latest
  WHERE latest.job_id = OLD.id AND latest.sequence = OLD.version AND latest.new_state = OLD.state;
  -- The guards were bypassed (session_replication_role, disabled triggers). Another record would
  -- hide the damage.
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'JL003', TABLE = 'job_states',
      MESSAGE = format('The history of job %s does not lead to %s at version %s; it was tampered with.', OLD.id, OLD.state, OLD.version);
  END IF;
  RETURN NULL;
END
$function$;

-- function jobledger.refuse_deep_json
CREATE OR REPLACE FUNCTION jobledger.refuse_deep_json()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, COLUMN = TG_ARGV[0],
    MESSAGE = format('%s of %s must be nested at most 100 levels deep.', TG_ARGV[0], TG_TABLE_NAME);
END
$function$;

-- function jobledger.remove_from_rollup
CREATE OR REPLACE FUNCTION jobledger.remove_from_rollup()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
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
$function$;

-- function jobledger.reset_rollup
CREATE OR REPLACE FUNCTION jobledger.reset_rollup()
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
BEGIN
  -- Locks the row first, so that the sums do not change meanwhile.
  INSERT INTO consumers (name, transaction_id, record_id) VALUES ('rollup', 0, 0)
  ON CONFLICT (name) DO UPDATE SET transaction_id = 0, record_id = 0, updated_at = now();
  -- TRUNCATE would empty them for older snapshots, too.
  DELETE FROM job_counts;
  DELETE FROM job_statistics;
END
$function$;

-- function jobledger.retry_delay
CREATE OR REPLACE FUNCTION jobledger.retry_delay(failures integer)
 RETURNS interval
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
RETURN (('00:00:00.001'::interval * ((0.5)::double precision + (random() / (2)::double precision))) * LEAST(((COALESCE(NULLIF(current_setting('jobledger.retry_base_ms'::text, true), ''::text), '10000'::text))::double precision * ((2)::double precision ^ (LEAST((failures - 1), 62))::double precision)), (COALESCE(NULLIF(current_setting('jobledger.retry_max_ms'::text, true), ''::text), '3600000'::text))::double precision));

-- function jobledger.transition_jobs
CREATE OR REPLACE FUNCTION jobledger.transition_jobs(items json, actor text)
 RETURNS TABLE(ordinal integer, applied boolean, job public.jobs)
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
DECLARE
  item record;
BEGIN
  -- All callers lock in the same order, whatever the order of their items, so that batches never
  -- deadlock.
  PERFORM FROM jobs WHERE id IN (SELECT (element ->> 'jobId')::uuid FROM json_array_elements(items) AS element)
    ORDER BY id FOR NO KEY UPDATE;

  FOR item IN
    SELECT * FROM ROWS FROM (json_to_recordset(items) AS ("jobId" uuid, "to" job_state, "reason" text, "metadata" jsonb,
      "expectedVersion" integer, "expectedState" job_state)) WITH ORDINALITY AS t
    ORDER BY t.ordinality
  LOOP
    UPDATE jobs SET state = item."to", version = version + 1, state_reason = item."reason",
      state_actor = transition_jobs.actor, state_metadata = coalesce(item."metadata", '{}'), releases = releases + 1,
      state_error = CASE WHEN item."to" = 'FAILED' THEN item."reason" END
    WHERE id = item."jobId" AND deleted_at IS NULL AND is_legal_transition(state, item."to", false)
      AND version = coalesce(item."expectedVersion", version) AND state = coalesce(item."expectedState", state)
    RETURNING jobs.* INTO job;
    applied := FOUND;
    IF applied THEN
      job.content := '';
    ELSE
      job := NULL;
      SELECT id, state, version, deleted_at INTO job.id, job.state, job.version, job.deleted_at
      FROM jobs WHERE id = item."jobId";
    END IF;
    ordinal := item."ordinality";
    RETURN NEXT;
  END LOOP;
END
$function$;

-- function jobledger.uuid_time
CREATE OR REPLACE FUNCTION jobledger.uuid_time(id uuid)
 RETURNS timestamp with time zone
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE WHEN ((substr((id)::text, 15, 1) = '7'::text) AND (substr((id)::text, 20, 1) = ANY (ARRAY['8'::text, '9'::text, 'a'::text, 'b'::text]))) THEN to_timestamp((((((('x'::text || substr(replace((id)::text, '-'::text, ''::text), 1, 12)))::bit(48))::bigint)::numeric / 1000.0))::double precision) ELSE NULL::timestamp with time zone END;

-- function jobledger.uuid_v7
CREATE OR REPLACE FUNCTION jobledger.uuid_v7()
 RETURNS uuid
 LANGUAGE plpgsql
 PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
  micros bigint := floor(extract(epoch FROM clock_timestamp()) * 1000000);
  millis bigint := micros / 1000;
  fraction integer := ((micros % 1000) * 4096) / 1000;
  bytes bytea := uuid_send(gen_random_uuid());
BEGIN
  bytes := overlay(bytes PLACING substring(int8send(millis) FROM 3) FROM 1 FOR 6);
  bytes := set_byte(bytes, 6, 112 + (fraction >> 8));
  bytes := set_byte(bytes, 7, fraction & 255);
  RETURN encode(bytes, 'hex')::uuid;
END
$function$;

-- function jobledger.visible_xmin
CREATE OR REPLACE FUNCTION jobledger.visible_xmin()
 RETURNS bigint
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'jobledger', 'public', 'pg_temp'
RETURN (((pg_snapshot_xmin(pg_current_snapshot()))::text)::bigint + (SELECT transaction_offsets.value FROM jobledger.transaction_offsets));

-- table api_keys
CREATE TABLE public.api_keys ();

-- column api_keys.created_at
ALTER TABLE public.api_keys ADD COLUMN created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- column api_keys.expires_at
ALTER TABLE public.api_keys ADD COLUMN expires_at timestamp(3) with time zone;

-- column api_keys.id
ALTER TABLE public.api_keys ADD COLUMN id uuid NOT NULL DEFAULT jobledger.uuid_v7();

-- column api_keys.key_hash
ALTER TABLE public.api_keys ADD COLUMN key_hash bytea NOT NULL;

-- column api_keys.last_used_at
ALTER TABLE public.api_keys ADD COLUMN last_used_at timestamp(3) with time zone;

-- column api_keys.name
ALTER TABLE public.api_keys ADD COLUMN name text NOT NULL;

-- column api_keys.revoked_at
ALTER TABLE public.api_keys ADD COLUMN revoked_at timestamp(3) with time zone;

-- column api_keys.roles
ALTER TABLE public.api_keys ADD COLUMN roles public.role[];

-- column api_keys.user_id
ALTER TABLE public.api_keys ADD COLUMN user_id text;

-- constraint api_keys.ck_api_keys_has_roles
ALTER TABLE public.api_keys ADD CONSTRAINT ck_api_keys_has_roles CHECK (((COALESCE(array_ndims(roles), 0) = 1) AND (array_position(roles, NULL::public.role) IS NULL)));

-- constraint api_keys.ck_api_keys_instants_have_four_digit_years
ALTER TABLE public.api_keys ADD CONSTRAINT ck_api_keys_instants_have_four_digit_years CHECK (((created_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (created_at <= '9999-12-31 23:59:59.999+00'::timestamp with time zone) AND (expires_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (expires_at <= '9999-12-31 23:59:59.999+00'::timestamp with time zone) AND (last_used_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (last_used_at <= '9999-12-31 23:59:59.999+00'::timestamp with time zone) AND (revoked_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (revoked_at <= '9999-12-31 23:59:59.999+00'::timestamp with time zone)));

-- constraint api_keys.ck_api_keys_key_hash_is_sha256
ALTER TABLE public.api_keys ADD CONSTRAINT ck_api_keys_key_hash_is_sha256 CHECK ((octet_length(key_hash) = 32));

-- constraint api_keys.ck_api_keys_name_not_empty
ALTER TABLE public.api_keys ADD CONSTRAINT ck_api_keys_name_not_empty CHECK ((name <> ''::text));

-- constraint api_keys.ck_api_keys_user_has_id
ALTER TABLE public.api_keys ADD CONSTRAINT ck_api_keys_user_has_id CHECK (((NOT ('USER'::public.role = ANY (roles))) OR ((user_id IS NOT NULL) AND (user_id <> ''::text))));

-- constraint api_keys.pk_api_keys
ALTER TABLE public.api_keys ADD CONSTRAINT pk_api_keys PRIMARY KEY (id);

-- index ix_api_keys_key_hash
CREATE UNIQUE INDEX ix_api_keys_key_hash ON public.api_keys USING btree (key_hash);

-- index ix_api_keys_name
CREATE UNIQUE INDEX ix_api_keys_name ON public.api_keys USING btree (name);

-- index pk_api_keys
CREATE UNIQUE INDEX pk_api_keys ON public.api_keys USING btree (id);

-- trigger api_keys.guard_delete
CREATE TRIGGER guard_delete BEFORE DELETE ON public.api_keys FOR EACH ROW EXECUTE FUNCTION jobledger.guard_api_key();

-- trigger api_keys.guard_truncate
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON public.api_keys FOR EACH STATEMENT EXECUTE FUNCTION jobledger.guard_api_key();

-- trigger api_keys.guard_update
CREATE TRIGGER guard_update BEFORE UPDATE ON public.api_keys FOR EACH ROW EXECUTE FUNCTION jobledger.guard_api_key();

-- table job_result_records
CREATE TABLE public.job_result_records ();

-- column job_result_records.actor
ALTER TABLE public.job_result_records ADD COLUMN actor text NOT NULL;

-- column job_result_records.database_role
ALTER TABLE public.job_result_records ADD COLUMN database_role text NOT NULL DEFAULT SESSION_USER;

-- column job_result_records.error_message
ALTER TABLE public.job_result_records ADD COLUMN error_message text;

-- column job_result_records.id
ALTER TABLE public.job_result_records ADD COLUMN id bigint NOT NULL DEFAULT jobledger.next_record_id();

-- column job_result_records.job_id
ALTER TABLE public.job_result_records ADD COLUMN job_id uuid NOT NULL;

-- column job_result_records.output
ALTER TABLE public.job_result_records ADD COLUMN output jsonb;

-- column job_result_records.processing_time_ms
ALTER TABLE public.job_result_records ADD COLUMN processing_time_ms integer;

-- column job_result_records.revision
ALTER TABLE public.job_result_records ADD COLUMN revision integer NOT NULL;

-- column job_result_records.salt
ALTER TABLE public.job_result_records ADD COLUMN salt uuid NOT NULL DEFAULT gen_random_uuid();

-- column job_result_records.status
ALTER TABLE public.job_result_records ADD COLUMN status public.job_result_status NOT NULL;

-- column job_result_records.timestamp
ALTER TABLE public.job_result_records ADD COLUMN "timestamp" timestamp(3) with time zone NOT NULL;

-- column job_result_records.transaction_id
ALTER TABLE public.job_result_records ADD COLUMN transaction_id bigint NOT NULL;

-- constraint job_result_records.ck_job_result_records_revision_positive
ALTER TABLE public.job_result_records ADD CONSTRAINT ck_job_result_records_revision_positive CHECK ((revision >= 1));

-- constraint job_result_records.fk_job_result_records_job_id
ALTER TABLE public.job_result_records ADD CONSTRAINT fk_job_result_records_job_id FOREIGN KEY (job_id) REFERENCES public.jobs(id) ON UPDATE RESTRICT ON DELETE CASCADE;

-- constraint job_result_records.pk_job_result_records
ALTER TABLE public.job_result_records ADD CONSTRAINT pk_job_result_records PRIMARY KEY (id);

-- index ix_job_result_records_job_id
CREATE UNIQUE INDEX ix_job_result_records_job_id ON public.job_result_records USING btree (job_id, revision);

-- index ix_job_result_records_transaction_id
CREATE INDEX ix_job_result_records_transaction_id ON public.job_result_records USING btree (transaction_id, id);

-- index pk_job_result_records
CREATE UNIQUE INDEX pk_job_result_records ON public.job_result_records USING btree (id);

-- trigger job_result_records.check_timeline
CREATE TRIGGER check_timeline BEFORE INSERT ON public.job_result_records FOR EACH STATEMENT WHEN ((current_setting('jobledger.timeline'::text, true) IS DISTINCT FROM (('public.job_states'::regclass)::oid)::text)) EXECUTE FUNCTION jobledger.check_timeline();

-- trigger job_result_records.guard_delete
CREATE TRIGGER guard_delete BEFORE DELETE ON public.job_result_records FOR EACH ROW EXECUTE FUNCTION jobledger.guard_result_record();

-- trigger job_result_records.guard_insert
CREATE TRIGGER guard_insert BEFORE INSERT ON public.job_result_records FOR EACH ROW EXECUTE FUNCTION jobledger.guard_result_record();

-- trigger job_result_records.guard_truncate
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON public.job_result_records FOR EACH STATEMENT EXECUTE FUNCTION jobledger.guard_result_record();

-- trigger job_result_records.guard_update
CREATE TRIGGER guard_update BEFORE UPDATE ON public.job_result_records FOR EACH ROW EXECUTE FUNCTION jobledger.guard_result_record();

-- table job_results
CREATE TABLE public.job_results ();

-- column job_results.actor
ALTER TABLE public.job_results ADD COLUMN actor text NOT NULL DEFAULT concat('db:', SESSION_USER);

-- column job_results.created_at
ALTER TABLE public.job_results ADD COLUMN created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- column job_results.database_role
ALTER TABLE public.job_results ADD COLUMN database_role text NOT NULL DEFAULT SESSION_USER;

-- column job_results.error_message
ALTER TABLE public.job_results ADD COLUMN error_message text;

-- column job_results.id
ALTER TABLE public.job_results ADD COLUMN id uuid NOT NULL DEFAULT jobledger.uuid_v7();

-- column job_results.job_id
ALTER TABLE public.job_results ADD COLUMN job_id uuid NOT NULL;

-- column job_results.output
ALTER TABLE public.job_results ADD COLUMN output jsonb;

-- column job_results.processing_time_ms
ALTER TABLE public.job_results ADD COLUMN processing_time_ms integer;

-- column job_results.revision
ALTER TABLE public.job_results ADD COLUMN revision integer NOT NULL DEFAULT 1;

-- column job_results.status
ALTER TABLE public.job_results ADD COLUMN status public.job_result_status NOT NULL;

-- column job_results.updated_at
ALTER TABLE public.job_results ADD COLUMN updated_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- constraint job_results.ck_job_results_processing_time_not_negative
ALTER TABLE public.job_results ADD CONSTRAINT ck_job_results_processing_time_not_negative CHECK ((processing_time_ms >= 0));

-- constraint job_results.fk_job_results_job_id
ALTER TABLE public.job_results ADD CONSTRAINT fk_job_results_job_id FOREIGN KEY (job_id) REFERENCES public.jobs(id) ON UPDATE RESTRICT ON DELETE CASCADE;

-- constraint job_results.pk_job_results
ALTER TABLE public.job_results ADD CONSTRAINT pk_job_results PRIMARY KEY (id);

-- index ix_job_results_job_id
CREATE UNIQUE INDEX ix_job_results_job_id ON public.job_results USING btree (job_id);

-- index pk_job_results
CREATE UNIQUE INDEX pk_job_results ON public.job_results USING btree (id);

-- trigger job_results.guard_delete
CREATE TRIGGER guard_delete BEFORE DELETE ON public.job_results FOR EACH ROW EXECUTE FUNCTION jobledger.guard_result_removal();

-- trigger job_results.guard_result
CREATE TRIGGER guard_result BEFORE INSERT OR UPDATE ON public.job_results FOR EACH ROW EXECUTE FUNCTION jobledger.guard_result();

-- trigger job_results.guard_truncate
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON public.job_results FOR EACH STATEMENT EXECUTE FUNCTION jobledger.guard_result_removal();

-- trigger job_results.record_result_insert
CREATE TRIGGER record_result_insert AFTER INSERT ON public.job_results FOR EACH ROW EXECUTE FUNCTION jobledger.record_result();

-- trigger job_results.record_result_update
CREATE TRIGGER record_result_update AFTER UPDATE ON public.job_results FOR EACH ROW WHEN ((old.revision <> new.revision)) EXECUTE FUNCTION jobledger.record_result();

-- trigger job_results.refuse_deep_output_insert
CREATE TRIGGER refuse_deep_output_insert BEFORE INSERT ON public.job_results FOR EACH ROW WHEN (jsonb_path_exists(new.output, '$.**{101}'::jsonpath)) EXECUTE FUNCTION jobledger.refuse_deep_json('output');

-- trigger job_results.refuse_deep_output_update
CREATE TRIGGER refuse_deep_output_update BEFORE UPDATE OF output ON public.job_results FOR EACH ROW WHEN ((jsonb_path_exists(new.output, '$.**{101}'::jsonpath) AND (old.output IS DISTINCT FROM new.output))) EXECUTE FUNCTION jobledger.refuse_deep_json('output');

-- table job_states
CREATE TABLE public.job_states ();

-- column job_states.actor
ALTER TABLE public.job_states ADD COLUMN actor text NOT NULL;

-- column job_states.database_role
ALTER TABLE public.job_states ADD COLUMN database_role text NOT NULL DEFAULT SESSION_USER;

-- column job_states.error
ALTER TABLE public.job_states ADD COLUMN error text;

-- column job_states.id
ALTER TABLE public.job_states ADD COLUMN id bigint NOT NULL DEFAULT nextval('public.job_states_id_seq'::regclass);

-- column job_states.job_id
ALTER TABLE public.job_states ADD COLUMN job_id uuid NOT NULL;

-- column job_states.new_state
ALTER TABLE public.job_states ADD COLUMN new_state public.job_state NOT NULL;

-- column job_states.previous_run_at
ALTER TABLE public.job_states ADD COLUMN previous_run_at timestamp(3) with time zone;

-- column job_states.previous_state
ALTER TABLE public.job_states ADD COLUMN previous_state public.job_state;

-- column job_states.previous_state_duration_ms
ALTER TABLE public.job_states ADD COLUMN previous_state_duration_ms bigint;

-- column job_states.reason
ALTER TABLE public.job_states ADD COLUMN reason text;

-- column job_states.run_at
ALTER TABLE public.job_states ADD COLUMN run_at timestamp(3) with time zone;

-- column job_states.salt
ALTER TABLE public.job_states ADD COLUMN salt uuid DEFAULT gen_random_uuid();

-- column job_states.sequence
ALTER TABLE public.job_states ADD COLUMN sequence integer NOT NULL;

-- column job_states.state_metadata
ALTER TABLE public.job_states ADD COLUMN state_metadata jsonb NOT NULL DEFAULT '{}'::jsonb;

-- column job_states.timestamp
ALTER TABLE public.job_states ADD COLUMN "timestamp" timestamp(3) with time zone NOT NULL;

-- column job_states.transaction_id
ALTER TABLE public.job_states ADD COLUMN transaction_id bigint NOT NULL;

-- constraint job_states.ck_job_states_first_has_no_previous
ALTER TABLE public.job_states ADD CONSTRAINT ck_job_states_first_has_no_previous CHECK (
CASE
    WHEN (sequence = 1) THEN ((previous_state IS NULL) AND (previous_state_duration_ms IS NULL))
    ELSE ((sequence > 1) AND (previous_state IS NOT NULL) AND (previous_state_duration_ms >= 0))
END);

-- constraint job_states.fk_job_states_job_id
ALTER TABLE public.job_states ADD CONSTRAINT fk_job_states_job_id FOREIGN KEY (job_id) REFERENCES public.jobs(id) ON UPDATE RESTRICT ON DELETE CASCADE;

-- constraint job_states.pk_job_states
ALTER TABLE public.job_states ADD CONSTRAINT pk_job_states PRIMARY KEY (id);

-- index ix_job_states_actor
CREATE INDEX ix_job_states_actor ON public.job_states USING btree (actor, "timestamp", id);

-- index ix_job_states_job_id
CREATE UNIQUE INDEX ix_job_states_job_id ON public.job_states USING btree (job_id, sequence);

-- index ix_job_states_new_state
CREATE INDEX ix_job_states_new_state ON public.job_states USING btree (new_state, "timestamp", id) WHERE (new_state = ANY (ARRAY['FAILED'::public.job_state, 'CANCELLED'::public.job_state]));

-- index ix_job_states_previous_state
CREATE INDEX ix_job_states_previous_state ON public.job_states USING btree (previous_state, "timestamp", id) WHERE (previous_state = ANY (ARRAY['COMPLETED'::public.job_state, 'FAILED'::public.job_state, 'CANCELLED'::public.job_state]));

-- index ix_job_states_timestamp
CREATE INDEX ix_job_states_timestamp ON public.job_states USING btree ("timestamp", id);

-- index ix_job_states_transaction_id
CREATE INDEX ix_job_states_transaction_id ON public.job_states USING btree (transaction_id, id);

-- index pk_job_states
CREATE UNIQUE INDEX pk_job_states ON public.job_states USING btree (id);

-- trigger job_states.check_timeline
CREATE TRIGGER check_timeline BEFORE INSERT ON public.job_states FOR EACH STATEMENT WHEN ((current_setting('jobledger.timeline'::text, true) IS DISTINCT FROM (('public.job_states'::regclass)::oid)::text)) EXECUTE FUNCTION jobledger.check_timeline();

-- trigger job_states.guard_delete
CREATE TRIGGER guard_delete BEFORE DELETE ON public.job_states FOR EACH ROW EXECUTE FUNCTION jobledger.guard_record_change();

-- trigger job_states.guard_insert
CREATE TRIGGER guard_insert BEFORE INSERT ON public.job_states FOR EACH ROW EXECUTE FUNCTION jobledger.guard_record_insert();

-- trigger job_states.guard_truncate
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON public.job_states FOR EACH STATEMENT EXECUTE FUNCTION jobledger.guard_record_change();

-- trigger job_states.guard_update
CREATE TRIGGER guard_update BEFORE UPDATE ON public.job_states FOR EACH ROW EXECUTE FUNCTION jobledger.guard_record_change();

-- trigger job_states.record_error
CREATE TRIGGER record_error BEFORE INSERT ON public.job_states FOR EACH ROW WHEN ((new.new_state = 'FAILED'::public.job_state)) EXECUTE FUNCTION jobledger.record_error();

-- table jobledger.api_roles
CREATE TABLE jobledger.api_roles ();

-- column jobledger.api_roles.name
ALTER TABLE jobledger.api_roles ADD COLUMN name text NOT NULL;

-- constraint jobledger.api_roles.pk_api_roles
ALTER TABLE jobledger.api_roles ADD CONSTRAINT pk_api_roles PRIMARY KEY (name);

-- index jobledger.pk_api_roles
CREATE UNIQUE INDEX pk_api_roles ON jobledger.api_roles USING btree (name);

-- table jobledger.bulk_action_jobs
CREATE TABLE jobledger.bulk_action_jobs ();

-- column jobledger.bulk_action_jobs.action_id
ALTER TABLE jobledger.bulk_action_jobs ADD COLUMN action_id uuid NOT NULL;

-- column jobledger.bulk_action_jobs.job_id
ALTER TABLE jobledger.bulk_action_jobs ADD COLUMN job_id uuid NOT NULL;

-- column jobledger.bulk_action_jobs.outcome
ALTER TABLE jobledger.bulk_action_jobs ADD COLUMN outcome text;

-- column jobledger.bulk_action_jobs.version
ALTER TABLE jobledger.bulk_action_jobs ADD COLUMN version integer NOT NULL;

-- constraint jobledger.bulk_action_jobs.fk_bulk_action_jobs_action_id
ALTER TABLE jobledger.bulk_action_jobs ADD CONSTRAINT fk_bulk_action_jobs_action_id FOREIGN KEY (action_id) REFERENCES jobledger.bulk_actions(id) ON UPDATE CASCADE ON DELETE CASCADE;

-- constraint jobledger.bulk_action_jobs.pk_bulk_action_jobs
ALTER TABLE jobledger.bulk_action_jobs ADD CONSTRAINT pk_bulk_action_jobs PRIMARY KEY (action_id, job_id);

-- index jobledger.ix_bulk_action_jobs_outcome
CREATE INDEX ix_bulk_action_jobs_outcome ON jobledger.bulk_action_jobs USING btree (action_id, (
CASE
    WHEN (outcome IS NULL) THEN 'NOT_PROCESSED'::text
    WHEN (outcome = 'DONE'::text) THEN 'DONE'::text
    ELSE 'REFUSED'::text
END), job_id);

-- index jobledger.ix_bulk_action_jobs_refused
CREATE INDEX ix_bulk_action_jobs_refused ON jobledger.bulk_action_jobs USING btree (action_id, outcome, job_id) WHERE (outcome <> 'DONE'::text);

-- index jobledger.pk_bulk_action_jobs
CREATE UNIQUE INDEX pk_bulk_action_jobs ON jobledger.bulk_action_jobs USING btree (action_id, job_id);

-- table jobledger.bulk_actions
CREATE TABLE jobledger.bulk_actions ();

-- column jobledger.bulk_actions.action
ALTER TABLE jobledger.bulk_actions ADD COLUMN action text NOT NULL;

-- column jobledger.bulk_actions.actor
ALTER TABLE jobledger.bulk_actions ADD COLUMN actor text NOT NULL;

-- column jobledger.bulk_actions.created_at
ALTER TABLE jobledger.bulk_actions ADD COLUMN created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- column jobledger.bulk_actions.done
ALTER TABLE jobledger.bulk_actions ADD COLUMN done integer NOT NULL DEFAULT 0;

-- column jobledger.bulk_actions.error
ALTER TABLE jobledger.bulk_actions ADD COLUMN error text;

-- column jobledger.bulk_actions.filter
ALTER TABLE jobledger.bulk_actions ADD COLUMN filter jsonb NOT NULL;

-- column jobledger.bulk_actions.finished_at
ALTER TABLE jobledger.bulk_actions ADD COLUMN finished_at timestamp(3) with time zone;

-- column jobledger.bulk_actions.id
ALTER TABLE jobledger.bulk_actions ADD COLUMN id uuid NOT NULL DEFAULT jobledger.uuid_v7();

-- column jobledger.bulk_actions.idempotency_key
ALTER TABLE jobledger.bulk_actions ADD COLUMN idempotency_key text;

-- column jobledger.bulk_actions.matched
ALTER TABLE jobledger.bulk_actions ADD COLUMN matched integer NOT NULL;

-- column jobledger.bulk_actions.owner_id
ALTER TABLE jobledger.bulk_actions ADD COLUMN owner_id text;

-- column jobledger.bulk_actions.position
ALTER TABLE jobledger.bulk_actions ADD COLUMN "position" uuid;

-- column jobledger.bulk_actions.reason
ALTER TABLE jobledger.bulk_actions ADD COLUMN reason text NOT NULL;

-- column jobledger.bulk_actions.refusals
ALTER TABLE jobledger.bulk_actions ADD COLUMN refusals jsonb NOT NULL DEFAULT '{}'::jsonb;

-- column jobledger.bulk_actions.state
ALTER TABLE jobledger.bulk_actions ADD COLUMN state text NOT NULL DEFAULT 'RUNNING'::text;

-- constraint jobledger.bulk_actions.ck_bulk_actions_action
ALTER TABLE jobledger.bulk_actions ADD CONSTRAINT ck_bulk_actions_action CHECK ((action = ANY (ARRAY['CANCEL'::text, 'RETRY'::text, 'DELETE'::text])));

-- constraint jobledger.bulk_actions.ck_bulk_actions_error_is_of_failure
ALTER TABLE jobledger.bulk_actions ADD CONSTRAINT ck_bulk_actions_error_is_of_failure CHECK (((error IS NULL) = (state <> 'FAILED'::text)));

-- constraint jobledger.bulk_actions.ck_bulk_actions_finished_fits_state
ALTER TABLE jobledger.bulk_actions ADD CONSTRAINT ck_bulk_actions_finished_fits_state CHECK (((finished_at IS NULL) = (state = 'RUNNING'::text)));

-- constraint jobledger.bulk_actions.ck_bulk_actions_instants_have_four_digit_years
ALTER TABLE jobledger.bulk_actions ADD CONSTRAINT ck_bulk_actions_instants_have_four_digit_years CHECK (((created_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (created_at <= '9999-12-31 23:59:59.999+00'::timestamp with time zone) AND (finished_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (finished_at <= '9999-12-31 23:59:59.999+00'::timestamp with time zone)));

-- constraint jobledger.bulk_actions.ck_bulk_actions_state
ALTER TABLE jobledger.bulk_actions ADD CONSTRAINT ck_bulk_actions_state CHECK ((state = ANY (ARRAY['RUNNING'::text, 'COMPLETED'::text, 'ABORTED'::text, 'FAILED'::text])));

-- constraint jobledger.bulk_actions.pk_bulk_actions
ALTER TABLE jobledger.bulk_actions ADD CONSTRAINT pk_bulk_actions PRIMARY KEY (id);

-- index jobledger.ix_bulk_actions_actor_idempotency_key
CREATE UNIQUE INDEX ix_bulk_actions_actor_idempotency_key ON jobledger.bulk_actions USING btree (actor, idempotency_key);

-- index jobledger.ix_bulk_actions_owner_id
CREATE INDEX ix_bulk_actions_owner_id ON jobledger.bulk_actions USING btree (owner_id, id);

-- index jobledger.ix_bulk_actions_running
CREATE INDEX ix_bulk_actions_running ON jobledger.bulk_actions USING btree (actor, id) WHERE (state = 'RUNNING'::text);

-- index jobledger.pk_bulk_actions
CREATE UNIQUE INDEX pk_bulk_actions ON jobledger.bulk_actions USING btree (id);

-- table jobledger.checkpoints
CREATE TABLE jobledger.checkpoints ();

-- column jobledger.checkpoints.origin
ALTER TABLE jobledger.checkpoints ADD COLUMN origin text NOT NULL;

-- column jobledger.checkpoints.root_hash
ALTER TABLE jobledger.checkpoints ADD COLUMN root_hash bytea NOT NULL;

-- column jobledger.checkpoints.sealed_at
ALTER TABLE jobledger.checkpoints ADD COLUMN sealed_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- column jobledger.checkpoints.signed_note
ALTER TABLE jobledger.checkpoints ADD COLUMN signed_note text NOT NULL;

-- column jobledger.checkpoints.size
ALTER TABLE jobledger.checkpoints ADD COLUMN size bigint NOT NULL;

-- constraint jobledger.checkpoints.ck_checkpoints_instants_have_four_digit_years
ALTER TABLE jobledger.checkpoints ADD CONSTRAINT ck_checkpoints_instants_have_four_digit_years CHECK (((sealed_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (sealed_at <= '9999-12-31 23:59:59.999+00'::timestamp with time zone)));

-- constraint jobledger.checkpoints.fk_checkpoints_origin
ALTER TABLE jobledger.checkpoints ADD CONSTRAINT fk_checkpoints_origin FOREIGN KEY (origin) REFERENCES jobledger.seal_origins(origin) ON UPDATE RESTRICT ON DELETE RESTRICT;

-- constraint jobledger.checkpoints.pk_checkpoints
ALTER TABLE jobledger.checkpoints ADD CONSTRAINT pk_checkpoints PRIMARY KEY (origin, size);

-- index jobledger.ix_checkpoints_sealed_at
CREATE INDEX ix_checkpoints_sealed_at ON jobledger.checkpoints USING btree (sealed_at);

-- index jobledger.pk_checkpoints
CREATE UNIQUE INDEX pk_checkpoints ON jobledger.checkpoints USING btree (origin, size);

-- trigger jobledger.checkpoints.guard_change
CREATE TRIGGER guard_change BEFORE DELETE OR UPDATE ON jobledger.checkpoints FOR EACH ROW EXECUTE FUNCTION jobledger.guard_seal();

-- trigger jobledger.checkpoints.guard_truncate
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON jobledger.checkpoints FOR EACH STATEMENT EXECUTE FUNCTION jobledger.guard_seal();

-- table jobledger.compatible_migrations
CREATE TABLE jobledger.compatible_migrations ();

-- column jobledger.compatible_migrations.name
ALTER TABLE jobledger.compatible_migrations ADD COLUMN name text NOT NULL;

-- constraint jobledger.compatible_migrations.pk_compatible_migrations
ALTER TABLE jobledger.compatible_migrations ADD CONSTRAINT pk_compatible_migrations PRIMARY KEY (name);

-- index jobledger.pk_compatible_migrations
CREATE UNIQUE INDEX pk_compatible_migrations ON jobledger.compatible_migrations USING btree (name);

-- table jobledger.consumers
CREATE TABLE jobledger.consumers ();

-- column jobledger.consumers.failing_since
ALTER TABLE jobledger.consumers ADD COLUMN failing_since timestamp(3) with time zone;

-- column jobledger.consumers.last_error
ALTER TABLE jobledger.consumers ADD COLUMN last_error text;

-- column jobledger.consumers.last_error_at
ALTER TABLE jobledger.consumers ADD COLUMN last_error_at timestamp(3) with time zone;

-- column jobledger.consumers.name
ALTER TABLE jobledger.consumers ADD COLUMN name text NOT NULL;

-- column jobledger.consumers.record_id
ALTER TABLE jobledger.consumers ADD COLUMN record_id bigint NOT NULL;

-- column jobledger.consumers.transaction_id
ALTER TABLE jobledger.consumers ADD COLUMN transaction_id bigint NOT NULL;

-- column jobledger.consumers.updated_at
ALTER TABLE jobledger.consumers ADD COLUMN updated_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- constraint jobledger.consumers.ck_consumers_failure_instants_have_four_digit_years
ALTER TABLE jobledger.consumers ADD CONSTRAINT ck_consumers_failure_instants_have_four_digit_years CHECK (((failing_since >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (failing_since <= '9999-12-31 23:59:59.999+00'::timestamp with time zone) AND (last_error_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (last_error_at <= '9999-12-31 23:59:59.999+00'::timestamp with time zone)));

-- constraint jobledger.consumers.ck_consumers_instants_have_four_digit_years
ALTER TABLE jobledger.consumers ADD CONSTRAINT ck_consumers_instants_have_four_digit_years CHECK (((updated_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (updated_at <= '9999-12-31 23:59:59.999+00'::timestamp with time zone)));

-- constraint jobledger.consumers.pk_consumers
ALTER TABLE jobledger.consumers ADD CONSTRAINT pk_consumers PRIMARY KEY (name);

-- index jobledger.pk_consumers
CREATE UNIQUE INDEX pk_consumers ON jobledger.consumers USING btree (name);

-- trigger jobledger.consumers.check_timeline
CREATE TRIGGER check_timeline BEFORE INSERT OR UPDATE ON jobledger.consumers FOR EACH STATEMENT WHEN ((current_setting('jobledger.timeline'::text, true) IS DISTINCT FROM (('public.job_states'::regclass)::oid)::text)) EXECUTE FUNCTION jobledger.check_timeline();

-- table jobledger.job_counts
CREATE TABLE jobledger.job_counts ();

-- column jobledger.job_counts.count
ALTER TABLE jobledger.job_counts ADD COLUMN count bigint NOT NULL;

-- column jobledger.job_counts.deleted
ALTER TABLE jobledger.job_counts ADD COLUMN deleted boolean NOT NULL;

-- column jobledger.job_counts.state
ALTER TABLE jobledger.job_counts ADD COLUMN state public.job_state NOT NULL;

-- column jobledger.job_counts.user_id
ALTER TABLE jobledger.job_counts ADD COLUMN user_id text NOT NULL;

-- constraint jobledger.job_counts.pk_job_counts
ALTER TABLE jobledger.job_counts ADD CONSTRAINT pk_job_counts PRIMARY KEY (user_id, state, deleted);

-- index jobledger.pk_job_counts
CREATE UNIQUE INDEX pk_job_counts ON jobledger.job_counts USING btree (user_id, state, deleted);

-- table jobledger.job_statistics
CREATE TABLE jobledger.job_statistics ();

-- column jobledger.job_statistics.bucket_seconds
ALTER TABLE jobledger.job_statistics ADD COLUMN bucket_seconds integer NOT NULL;

-- column jobledger.job_statistics.cancelled
ALTER TABLE jobledger.job_statistics ADD COLUMN cancelled integer NOT NULL;

-- column jobledger.job_statistics.completed
ALTER TABLE jobledger.job_statistics ADD COLUMN completed integer NOT NULL;

-- column jobledger.job_statistics.created
ALTER TABLE jobledger.job_statistics ADD COLUMN created integer NOT NULL;

-- column jobledger.job_statistics.failed
ALTER TABLE jobledger.job_statistics ADD COLUMN failed integer NOT NULL;

-- column jobledger.job_statistics.processing_buckets
ALTER TABLE jobledger.job_statistics ADD COLUMN processing_buckets integer[] NOT NULL;

-- column jobledger.job_statistics.processing_counts
ALTER TABLE jobledger.job_statistics ADD COLUMN processing_counts integer[] NOT NULL;

-- column jobledger.job_statistics.start
ALTER TABLE jobledger.job_statistics ADD COLUMN start timestamp(3) with time zone NOT NULL;

-- column jobledger.job_statistics.started
ALTER TABLE jobledger.job_statistics ADD COLUMN started integer NOT NULL;

-- column jobledger.job_statistics.user_id
ALTER TABLE jobledger.job_statistics ADD COLUMN user_id text NOT NULL;

-- column jobledger.job_statistics.wait_buckets
ALTER TABLE jobledger.job_statistics ADD COLUMN wait_buckets integer[] NOT NULL;

-- column jobledger.job_statistics.wait_counts
ALTER TABLE jobledger.job_statistics ADD COLUMN wait_counts integer[] NOT NULL;

-- constraint jobledger.job_statistics.pk_job_statistics
ALTER TABLE jobledger.job_statistics ADD CONSTRAINT pk_job_statistics PRIMARY KEY (user_id, bucket_seconds, start);

-- index jobledger.pk_job_statistics
CREATE UNIQUE INDEX pk_job_statistics ON jobledger.job_statistics USING btree (user_id, bucket_seconds, start);

-- table jobledger.ledger_timelines
CREATE TABLE jobledger.ledger_timelines ();

-- column jobledger.ledger_timelines.began_at
ALTER TABLE jobledger.ledger_timelines ADD COLUMN began_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- column jobledger.ledger_timelines.begins_at
ALTER TABLE jobledger.ledger_timelines ADD COLUMN begins_at bigint NOT NULL;

-- column jobledger.ledger_timelines.common_record_id
ALTER TABLE jobledger.ledger_timelines ADD COLUMN common_record_id bigint NOT NULL;

-- column jobledger.ledger_timelines.common_transaction_id
ALTER TABLE jobledger.ledger_timelines ADD COLUMN common_transaction_id bigint NOT NULL;

-- column jobledger.ledger_timelines.epoch
ALTER TABLE jobledger.ledger_timelines ADD COLUMN epoch bigint NOT NULL;

-- column jobledger.ledger_timelines.location
ALTER TABLE jobledger.ledger_timelines ADD COLUMN location text;

-- constraint jobledger.ledger_timelines.pk_ledger_timelines
ALTER TABLE jobledger.ledger_timelines ADD CONSTRAINT pk_ledger_timelines PRIMARY KEY (epoch);

-- index jobledger.pk_ledger_timelines
CREATE UNIQUE INDEX pk_ledger_timelines ON jobledger.ledger_timelines USING btree (epoch);

-- table jobledger.maintenance_tasks
CREATE TABLE jobledger.maintenance_tasks ();

-- column jobledger.maintenance_tasks.last_change
ALTER TABLE jobledger.maintenance_tasks ADD COLUMN last_change jsonb;

-- column jobledger.maintenance_tasks.last_change_at
ALTER TABLE jobledger.maintenance_tasks ADD COLUMN last_change_at timestamp(3) with time zone;

-- column jobledger.maintenance_tasks.last_error
ALTER TABLE jobledger.maintenance_tasks ADD COLUMN last_error text;

-- column jobledger.maintenance_tasks.last_error_at
ALTER TABLE jobledger.maintenance_tasks ADD COLUMN last_error_at timestamp(3) with time zone;

-- column jobledger.maintenance_tasks.last_run_at
ALTER TABLE jobledger.maintenance_tasks ADD COLUMN last_run_at timestamp(3) with time zone NOT NULL;

-- column jobledger.maintenance_tasks.name
ALTER TABLE jobledger.maintenance_tasks ADD COLUMN name text NOT NULL;

-- column jobledger.maintenance_tasks.next_run_at
ALTER TABLE jobledger.maintenance_tasks ADD COLUMN next_run_at timestamp(3) with time zone;

-- column jobledger.maintenance_tasks.position
ALTER TABLE jobledger.maintenance_tasks ADD COLUMN "position" uuid;

-- constraint jobledger.maintenance_tasks.ck_maintenance_tasks_instants_have_four_digit_years
ALTER TABLE jobledger.maintenance_tasks ADD CONSTRAINT ck_maintenance_tasks_instants_have_four_digit_years CHECK (((last_run_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (last_run_at <= '9999-12-31 23:59:59.999+00'::timestamp with time zone)));

-- constraint jobledger.maintenance_tasks.ck_maintenance_tasks_run_instants_have_four_digit_years
ALTER TABLE jobledger.maintenance_tasks ADD CONSTRAINT ck_maintenance_tasks_run_instants_have_four_digit_years CHECK (((next_run_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (next_run_at <= '9999-12-31 23:59:59.999+00'::timestamp with time zone) AND (last_change_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (last_change_at <= '9999-12-31 23:59:59.999+00'::timestamp with time zone) AND (last_error_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (last_error_at <= '9999-12-31 23:59:59.999+00'::timestamp with time zone)));

-- constraint jobledger.maintenance_tasks.pk_maintenance_tasks
ALTER TABLE jobledger.maintenance_tasks ADD CONSTRAINT pk_maintenance_tasks PRIMARY KEY (name);

-- index jobledger.pk_maintenance_tasks
CREATE UNIQUE INDEX pk_maintenance_tasks ON jobledger.maintenance_tasks USING btree (name);

-- table jobledger.refusals
CREATE TABLE jobledger.refusals ();

-- column jobledger.refusals.actor
ALTER TABLE jobledger.refusals ADD COLUMN actor text NOT NULL;

-- column jobledger.refusals.actual_version
ALTER TABLE jobledger.refusals ADD COLUMN actual_version integer;

-- column jobledger.refusals.attempted
ALTER TABLE jobledger.refusals ADD COLUMN attempted public.job_state;

-- column jobledger.refusals.expected_version
ALTER TABLE jobledger.refusals ADD COLUMN expected_version integer;

-- column jobledger.refusals.from_state
ALTER TABLE jobledger.refusals ADD COLUMN from_state public.job_state;

-- column jobledger.refusals.id
ALTER TABLE jobledger.refusals ADD COLUMN id uuid NOT NULL DEFAULT jobledger.uuid_v7();

-- column jobledger.refusals.job_id
ALTER TABLE jobledger.refusals ADD COLUMN job_id uuid NOT NULL;

-- column jobledger.refusals.kind
ALTER TABLE jobledger.refusals ADD COLUMN kind text NOT NULL;

-- column jobledger.refusals.message
ALTER TABLE jobledger.refusals ADD COLUMN message text NOT NULL;

-- column jobledger.refusals.times
ALTER TABLE jobledger.refusals ADD COLUMN times integer NOT NULL DEFAULT 1;

-- column jobledger.refusals.timestamp
ALTER TABLE jobledger.refusals ADD COLUMN "timestamp" timestamp(3) with time zone NOT NULL;

-- constraint jobledger.refusals.ck_refusals_kind
ALTER TABLE jobledger.refusals ADD CONSTRAINT ck_refusals_kind CHECK ((kind = ANY (ARRAY['ILLEGAL_TRANSITION'::text, 'VERSION_CONFLICT'::text, 'LATE_COMPLETION'::text, 'FORBIDDEN'::text])));

-- constraint jobledger.refusals.ck_refusals_times_at_least_1
ALTER TABLE jobledger.refusals ADD CONSTRAINT ck_refusals_times_at_least_1 CHECK ((times >= 1));

-- constraint jobledger.refusals.ck_refusals_timestamp_has_four_digit_year
ALTER TABLE jobledger.refusals ADD CONSTRAINT ck_refusals_timestamp_has_four_digit_year CHECK ((("timestamp" >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND ("timestamp" <= '9999-12-31 23:59:59.999+00'::timestamp with time zone)));

-- constraint jobledger.refusals.pk_refusals
ALTER TABLE jobledger.refusals ADD CONSTRAINT pk_refusals PRIMARY KEY (id);

-- index jobledger.ix_refusals_job_id
CREATE INDEX ix_refusals_job_id ON jobledger.refusals USING btree (job_id, "timestamp", id);

-- index jobledger.ix_refusals_timestamp
CREATE INDEX ix_refusals_timestamp ON jobledger.refusals USING btree ("timestamp");

-- index jobledger.pk_refusals
CREATE UNIQUE INDEX pk_refusals ON jobledger.refusals USING btree (id);

-- table jobledger.refused_records
CREATE TABLE jobledger.refused_records ();

-- column jobledger.refused_records.consumer
ALTER TABLE jobledger.refused_records ADD COLUMN consumer text NOT NULL;

-- column jobledger.refused_records.job_id
ALTER TABLE jobledger.refused_records ADD COLUMN job_id uuid NOT NULL;

-- column jobledger.refused_records.reason
ALTER TABLE jobledger.refused_records ADD COLUMN reason text NOT NULL;

-- column jobledger.refused_records.refused_at
ALTER TABLE jobledger.refused_records ADD COLUMN refused_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- column jobledger.refused_records.sequence
ALTER TABLE jobledger.refused_records ADD COLUMN sequence integer NOT NULL;

-- constraint jobledger.refused_records.fk_refused_records_consumer
ALTER TABLE jobledger.refused_records ADD CONSTRAINT fk_refused_records_consumer FOREIGN KEY (consumer) REFERENCES jobledger.consumers(name) ON UPDATE CASCADE ON DELETE CASCADE;

-- constraint jobledger.refused_records.pk_refused_records
ALTER TABLE jobledger.refused_records ADD CONSTRAINT pk_refused_records PRIMARY KEY (consumer, job_id, sequence);

-- index jobledger.pk_refused_records
CREATE UNIQUE INDEX pk_refused_records ON jobledger.refused_records USING btree (consumer, job_id, sequence);

-- table jobledger.seal_origins
CREATE TABLE jobledger.seal_origins ();

-- column jobledger.seal_origins.began_at
ALTER TABLE jobledger.seal_origins ADD COLUMN began_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- column jobledger.seal_origins.origin
ALTER TABLE jobledger.seal_origins ADD COLUMN origin text NOT NULL;

-- column jobledger.seal_origins.previous_checkpoint
ALTER TABLE jobledger.seal_origins ADD COLUMN previous_checkpoint text;

-- constraint jobledger.seal_origins.ck_seal_origins_instants_have_four_digit_years
ALTER TABLE jobledger.seal_origins ADD CONSTRAINT ck_seal_origins_instants_have_four_digit_years CHECK (((began_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (began_at <= '9999-12-31 23:59:59.999+00'::timestamp with time zone)));

-- constraint jobledger.seal_origins.pk_seal_origins
ALTER TABLE jobledger.seal_origins ADD CONSTRAINT pk_seal_origins PRIMARY KEY (origin);

-- index jobledger.pk_seal_origins
CREATE UNIQUE INDEX pk_seal_origins ON jobledger.seal_origins USING btree (origin);

-- trigger jobledger.seal_origins.guard_change
CREATE TRIGGER guard_change BEFORE DELETE OR UPDATE ON jobledger.seal_origins FOR EACH ROW EXECUTE FUNCTION jobledger.guard_seal();

-- trigger jobledger.seal_origins.guard_truncate
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON jobledger.seal_origins FOR EACH STATEMENT EXECUTE FUNCTION jobledger.guard_seal();

-- table jobledger.seal_tiles
CREATE TABLE jobledger.seal_tiles ();

-- column jobledger.seal_tiles.hashes
ALTER TABLE jobledger.seal_tiles ADD COLUMN hashes bytea NOT NULL;

-- column jobledger.seal_tiles.level
ALTER TABLE jobledger.seal_tiles ADD COLUMN level integer NOT NULL;

-- column jobledger.seal_tiles.record_id
ALTER TABLE jobledger.seal_tiles ADD COLUMN record_id bigint;

-- column jobledger.seal_tiles.record_ids
ALTER TABLE jobledger.seal_tiles ADD COLUMN record_ids bigint[];

-- column jobledger.seal_tiles.tile
ALTER TABLE jobledger.seal_tiles ADD COLUMN tile bigint NOT NULL;

-- column jobledger.seal_tiles.transaction_id
ALTER TABLE jobledger.seal_tiles ADD COLUMN transaction_id bigint;

-- constraint jobledger.seal_tiles.ck_seal_tiles_hashes
ALTER TABLE jobledger.seal_tiles ADD CONSTRAINT ck_seal_tiles_hashes CHECK (((length(hashes) >= 32) AND (length(hashes) <= 8192) AND ((length(hashes) % 32) = 0)));

-- constraint jobledger.seal_tiles.ck_seal_tiles_records_are_of_leaves
ALTER TABLE jobledger.seal_tiles ADD CONSTRAINT ck_seal_tiles_records_are_of_leaves CHECK (
CASE level
    WHEN 0 THEN ((record_ids IS NOT NULL) AND (cardinality(record_ids) = (length(hashes) / 32)) AND (transaction_id IS NOT NULL) AND (record_id IS NOT NULL))
    ELSE ((record_ids IS NULL) AND (transaction_id IS NULL) AND (record_id IS NULL))
END);

-- constraint jobledger.seal_tiles.pk_seal_tiles
ALTER TABLE jobledger.seal_tiles ADD CONSTRAINT pk_seal_tiles PRIMARY KEY (level, tile);

-- index jobledger.ix_seal_tiles_position
CREATE INDEX ix_seal_tiles_position ON jobledger.seal_tiles USING btree (transaction_id, record_id) WHERE (level = 0);

-- index jobledger.pk_seal_tiles
CREATE UNIQUE INDEX pk_seal_tiles ON jobledger.seal_tiles USING btree (level, tile);

-- trigger jobledger.seal_tiles.guard_change
CREATE TRIGGER guard_change BEFORE DELETE OR UPDATE ON jobledger.seal_tiles FOR EACH ROW EXECUTE FUNCTION jobledger.guard_seal();

-- trigger jobledger.seal_tiles.guard_truncate
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON jobledger.seal_tiles FOR EACH STATEMENT EXECUTE FUNCTION jobledger.guard_seal();

-- table jobledger.transaction_offsets
CREATE TABLE jobledger.transaction_offsets ();

-- column jobledger.transaction_offsets.id
ALTER TABLE jobledger.transaction_offsets ADD COLUMN id integer NOT NULL DEFAULT 1;

-- column jobledger.transaction_offsets.value
ALTER TABLE jobledger.transaction_offsets ADD COLUMN value bigint NOT NULL;

-- constraint jobledger.transaction_offsets.ck_transaction_offsets_one_row
ALTER TABLE jobledger.transaction_offsets ADD CONSTRAINT ck_transaction_offsets_one_row CHECK ((id = 1));

-- constraint jobledger.transaction_offsets.pk_transaction_offsets
ALTER TABLE jobledger.transaction_offsets ADD CONSTRAINT pk_transaction_offsets PRIMARY KEY (id);

-- index jobledger.pk_transaction_offsets
CREATE UNIQUE INDEX pk_transaction_offsets ON jobledger.transaction_offsets USING btree (id);

-- table jobs
CREATE TABLE public.jobs ();

-- column jobs.attempt
ALTER TABLE public.jobs ADD COLUMN attempt integer NOT NULL DEFAULT 0;

-- column jobs.cancel_reason
ALTER TABLE public.jobs ADD COLUMN cancel_reason text;

-- column jobs.cancel_requested_at
ALTER TABLE public.jobs ADD COLUMN cancel_requested_at timestamp(3) with time zone;

-- column jobs.cancel_requested_by
ALTER TABLE public.jobs ADD COLUMN cancel_requested_by text;

-- column jobs.completed_at
ALTER TABLE public.jobs ADD COLUMN completed_at timestamp(3) with time zone;

-- column jobs.content
ALTER TABLE public.jobs ADD COLUMN content text NOT NULL;

-- column jobs.created_at
ALTER TABLE public.jobs ADD COLUMN created_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- column jobs.deleted_at
ALTER TABLE public.jobs ADD COLUMN deleted_at timestamp(3) with time zone;

-- column jobs.id
ALTER TABLE public.jobs ADD COLUMN id uuid NOT NULL DEFAULT jobledger.uuid_v7();

-- column jobs.idempotency_key
ALTER TABLE public.jobs ADD COLUMN idempotency_key text;

-- column jobs.lease_expires_at
ALTER TABLE public.jobs ADD COLUMN lease_expires_at timestamp(3) with time zone;

-- column jobs.max_attempts
ALTER TABLE public.jobs ADD COLUMN max_attempts integer NOT NULL DEFAULT 1;

-- column jobs.metadata
ALTER TABLE public.jobs ADD COLUMN metadata jsonb NOT NULL DEFAULT '{}'::jsonb;

-- column jobs.preset
ALTER TABLE public.jobs ADD COLUMN preset text;

-- column jobs.priority
ALTER TABLE public.jobs ADD COLUMN priority integer NOT NULL DEFAULT 0;

-- column jobs.releases
ALTER TABLE public.jobs ADD COLUMN releases integer NOT NULL DEFAULT 0;

-- column jobs.request_hash
ALTER TABLE public.jobs ADD COLUMN request_hash bytea;

-- column jobs.run_at
ALTER TABLE public.jobs ADD COLUMN run_at timestamp(3) with time zone NOT NULL DEFAULT '-infinity'::timestamp with time zone;

-- column jobs.salt
ALTER TABLE public.jobs ADD COLUMN salt uuid DEFAULT gen_random_uuid();

-- column jobs.started_at
ALTER TABLE public.jobs ADD COLUMN started_at timestamp(3) with time zone;

-- column jobs.state
ALTER TABLE public.jobs ADD COLUMN state public.job_state NOT NULL DEFAULT 'PENDING'::public.job_state;

-- column jobs.state_actor
ALTER TABLE public.jobs ADD COLUMN state_actor text NOT NULL DEFAULT concat('db:', SESSION_USER);

-- column jobs.state_error
ALTER TABLE public.jobs ADD COLUMN state_error text;

-- column jobs.state_metadata
ALTER TABLE public.jobs ADD COLUMN state_metadata jsonb NOT NULL DEFAULT '{}'::jsonb;

-- column jobs.state_reason
ALTER TABLE public.jobs ADD COLUMN state_reason text;

-- column jobs.updated_at
ALTER TABLE public.jobs ADD COLUMN updated_at timestamp(3) with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- column jobs.user_id
ALTER TABLE public.jobs ADD COLUMN user_id text NOT NULL;

-- column jobs.version
ALTER TABLE public.jobs ADD COLUMN version integer NOT NULL DEFAULT 1;

-- constraint jobs.ck_jobs_attempts_add_up
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_attempts_add_up CHECK (((releases >= 0) AND (releases <= attempt)));

-- constraint jobs.ck_jobs_cancel_request_complete
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_cancel_request_complete CHECK ((((cancel_requested_at IS NULL) = (cancel_requested_by IS NULL)) AND ((cancel_requested_at IS NOT NULL) OR (cancel_reason IS NULL))));

-- constraint jobs.ck_jobs_created_at_is_in_id
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_created_at_is_in_id CHECK ((created_at = jobledger.uuid_time(id)));

-- constraint jobs.ck_jobs_deleted_is_cancelled
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_deleted_is_cancelled CHECK (((deleted_at IS NULL) OR (state = 'CANCELLED'::public.job_state)));

-- constraint jobs.ck_jobs_id_is_uuid_v7
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_id_is_uuid_v7 CHECK ((jobledger.uuid_time(id) IS NOT NULL));

-- constraint jobs.ck_jobs_idempotency_complete
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_idempotency_complete CHECK (((idempotency_key IS NULL) = (request_hash IS NULL)));

-- constraint jobs.ck_jobs_idempotency_key_not_empty
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_idempotency_key_not_empty CHECK ((idempotency_key <> ''::text));

-- constraint jobs.ck_jobs_instants_have_four_digit_years
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_instants_have_four_digit_years CHECK (((run_at <= '9999-12-31 23:59:59.999+00'::timestamp with time zone) AND (lease_expires_at >= '0001-01-01 00:00:00+00'::timestamp with time zone) AND (lease_expires_at <= '9999-12-31 23:59:59.999+00'::timestamp with time zone)));

-- constraint jobs.ck_jobs_lease_is_of_work
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_lease_is_of_work CHECK (((lease_expires_at IS NULL) OR (state = 'PROCESSING'::public.job_state)));

-- constraint jobs.ck_jobs_max_attempts_positive
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_max_attempts_positive CHECK ((max_attempts >= 1));

-- constraint jobs.ck_jobs_metadata_is_object
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_metadata_is_object CHECK ((jsonb_typeof(metadata) = 'object'::text));

-- constraint jobs.ck_jobs_priority_in_range
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_priority_in_range CHECK (((priority >= '-1000'::integer) AND (priority <= 1000)));

-- constraint jobs.ck_jobs_run_at_not_before_creation
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_run_at_not_before_creation CHECK ((run_at >= created_at));

-- constraint jobs.ck_jobs_state_actor_not_empty
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_state_actor_not_empty CHECK ((state_actor <> ''::text));

-- constraint jobs.ck_jobs_state_error_is_of_failure
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_state_error_is_of_failure CHECK (((state_error IS NULL) OR (state = 'FAILED'::public.job_state)));

-- constraint jobs.ck_jobs_state_metadata_is_object
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_state_metadata_is_object CHECK ((jsonb_typeof(state_metadata) = 'object'::text));

-- constraint jobs.ck_jobs_times_fit_state
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_times_fit_state CHECK (
CASE state
    WHEN 'PENDING'::public.job_state THEN ((started_at IS NULL) AND (completed_at IS NULL))
    WHEN 'PROCESSING'::public.job_state THEN ((started_at IS NOT NULL) AND (completed_at IS NULL))
    WHEN 'CANCELLED'::public.job_state THEN (completed_at IS NOT NULL)
    ELSE ((started_at IS NOT NULL) AND (completed_at IS NOT NULL))
END);

-- constraint jobs.ck_jobs_times_in_order
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_times_in_order CHECK (((created_at <= updated_at) AND (created_at <= started_at) AND (created_at <= completed_at) AND (started_at <= completed_at) AND (completed_at <= deleted_at)));

-- constraint jobs.ck_jobs_user_id_not_empty
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_user_id_not_empty CHECK ((user_id <> ''::text));

-- constraint jobs.ck_jobs_version_positive
ALTER TABLE public.jobs ADD CONSTRAINT ck_jobs_version_positive CHECK ((version >= 1));

-- constraint jobs.pk_jobs
ALTER TABLE public.jobs ADD CONSTRAINT pk_jobs PRIMARY KEY (id);

-- index ix_jobs_claim
CREATE INDEX ix_jobs_claim ON public.jobs USING btree (priority DESC, run_at, id) WHERE (state = 'PENDING'::public.job_state);

-- index ix_jobs_claim_preset
CREATE INDEX ix_jobs_claim_preset ON public.jobs USING btree (preset, priority DESC, run_at, id) WHERE ((state = 'PENDING'::public.job_state) AND (preset IS NOT NULL));

-- index ix_jobs_completed_at
CREATE INDEX ix_jobs_completed_at ON public.jobs USING btree (completed_at, id);

-- index ix_jobs_deleted_at
CREATE INDEX ix_jobs_deleted_at ON public.jobs USING btree (deleted_at, id) WHERE (deleted_at IS NOT NULL);

-- index ix_jobs_lease_expires_at
CREATE INDEX ix_jobs_lease_expires_at ON public.jobs USING btree (lease_expires_at, id) WHERE (lease_expires_at IS NOT NULL);

-- index ix_jobs_metadata
CREATE INDEX ix_jobs_metadata ON public.jobs USING gin (metadata jsonb_path_ops);

-- index ix_jobs_preset
CREATE INDEX ix_jobs_preset ON public.jobs USING btree (preset, id);

-- index ix_jobs_started_at
CREATE INDEX ix_jobs_started_at ON public.jobs USING btree (started_at, id) WHERE (state = 'PROCESSING'::public.job_state);

-- index ix_jobs_started_at_any_state
CREATE INDEX ix_jobs_started_at_any_state ON public.jobs USING btree (started_at, id) WHERE (started_at IS NOT NULL);

-- index ix_jobs_state
CREATE INDEX ix_jobs_state ON public.jobs USING btree (state, id);

-- index ix_jobs_state_actor
CREATE INDEX ix_jobs_state_actor ON public.jobs USING btree (state_actor, id);

-- index ix_jobs_updated_at
CREATE INDEX ix_jobs_updated_at ON public.jobs USING btree (updated_at, id);

-- index ix_jobs_user_id
CREATE INDEX ix_jobs_user_id ON public.jobs USING btree (user_id, id);

-- index ix_jobs_user_id_idempotency_key
CREATE UNIQUE INDEX ix_jobs_user_id_idempotency_key ON public.jobs USING btree (user_id, idempotency_key);

-- index ix_jobs_user_id_state
CREATE INDEX ix_jobs_user_id_state ON public.jobs USING btree (user_id, state, id);

-- index ix_jobs_user_id_updated_at
CREATE INDEX ix_jobs_user_id_updated_at ON public.jobs USING btree (user_id, updated_at, id);

-- index pk_jobs
CREATE UNIQUE INDEX pk_jobs ON public.jobs USING btree (id);

-- trigger jobs.guard_delete
CREATE TRIGGER guard_delete BEFORE DELETE ON public.jobs FOR EACH ROW EXECUTE FUNCTION jobledger.guard_job_removal();

-- trigger jobs.guard_immutable
CREATE TRIGGER guard_immutable BEFORE UPDATE OF id, user_id, content, preset, metadata, priority, max_attempts, created_at, idempotency_key, request_hash, salt ON public.jobs FOR EACH ROW EXECUTE FUNCTION jobledger.guard_job_immutable();

-- trigger jobs.guard_insert
CREATE TRIGGER guard_insert BEFORE INSERT ON public.jobs FOR EACH ROW EXECUTE FUNCTION jobledger.guard_job_insert();

-- trigger jobs.guard_truncate
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON public.jobs FOR EACH STATEMENT EXECUTE FUNCTION jobledger.guard_job_removal();

-- trigger jobs.guard_update
CREATE TRIGGER guard_update BEFORE UPDATE ON public.jobs FOR EACH ROW EXECUTE FUNCTION jobledger.guard_job_update();

-- trigger jobs.guard_update_error
CREATE TRIGGER guard_update_error BEFORE UPDATE ON public.jobs FOR EACH ROW WHEN (((old.state_error IS NOT NULL) OR (new.state_error IS NOT NULL))) EXECUTE FUNCTION jobledger.guard_job_error();

-- trigger jobs.record_creation
CREATE TRIGGER record_creation AFTER INSERT ON public.jobs FOR EACH ROW EXECUTE FUNCTION jobledger.record_transition();

-- trigger jobs.record_transition
CREATE TRIGGER record_transition AFTER UPDATE ON public.jobs FOR EACH ROW WHEN ((old.version <> new.version)) EXECUTE FUNCTION jobledger.record_transition();

-- trigger jobs.record_transition_then_follow_up
CREATE TRIGGER record_transition_then_follow_up AFTER UPDATE ON public.jobs FOR EACH ROW WHEN (((old.version <> new.version) AND (new.deleted_at IS NULL) AND
        CASE new.state
            WHEN 'FAILED'::public.job_state THEN ((new.cancel_requested_at IS NULL) AND ((new.attempt - new.releases) < new.max_attempts))
            WHEN 'PENDING'::public.job_state THEN (new.cancel_requested_at IS NOT NULL)
            ELSE false
        END)) EXECUTE FUNCTION jobledger.follow_up();

-- trigger jobs.refuse_deep_metadata_insert
CREATE TRIGGER refuse_deep_metadata_insert BEFORE INSERT ON public.jobs FOR EACH ROW WHEN (jsonb_path_exists(new.metadata, '$.**{101}'::jsonpath)) EXECUTE FUNCTION jobledger.refuse_deep_json('metadata');

-- trigger jobs.refuse_deep_metadata_update
CREATE TRIGGER refuse_deep_metadata_update BEFORE UPDATE OF metadata ON public.jobs FOR EACH ROW WHEN ((jsonb_path_exists(new.metadata, '$.**{101}'::jsonpath) AND (old.metadata IS DISTINCT FROM new.metadata))) EXECUTE FUNCTION jobledger.refuse_deep_json('metadata');

-- trigger jobs.refuse_deep_state_metadata_insert
CREATE TRIGGER refuse_deep_state_metadata_insert BEFORE INSERT ON public.jobs FOR EACH ROW WHEN (jsonb_path_exists(new.state_metadata, '$.**{101}'::jsonpath)) EXECUTE FUNCTION jobledger.refuse_deep_json('state_metadata');

-- trigger jobs.refuse_deep_state_metadata_update
CREATE TRIGGER refuse_deep_state_metadata_update BEFORE UPDATE OF state_metadata ON public.jobs FOR EACH ROW WHEN ((jsonb_path_exists(new.state_metadata, '$.**{101}'::jsonpath) AND (old.state_metadata IS DISTINCT FROM new.state_metadata))) EXECUTE FUNCTION jobledger.refuse_deep_json('state_metadata');

-- trigger jobs.remove_from_rollup
CREATE TRIGGER remove_from_rollup BEFORE DELETE ON public.jobs FOR EACH ROW EXECUTE FUNCTION jobledger.remove_from_rollup();

-- table purged_jobs
CREATE TABLE public.purged_jobs ();

-- column purged_jobs.job_id
ALTER TABLE public.purged_jobs ADD COLUMN job_id uuid NOT NULL;

-- column purged_jobs.purged_at
ALTER TABLE public.purged_jobs ADD COLUMN purged_at timestamp(3) with time zone NOT NULL;

-- column purged_jobs.purged_by
ALTER TABLE public.purged_jobs ADD COLUMN purged_by text NOT NULL;

-- column purged_jobs.records
ALTER TABLE public.purged_jobs ADD COLUMN records integer NOT NULL;

-- column purged_jobs.version
ALTER TABLE public.purged_jobs ADD COLUMN version integer NOT NULL;

-- constraint purged_jobs.pk_purged_jobs
ALTER TABLE public.purged_jobs ADD CONSTRAINT pk_purged_jobs PRIMARY KEY (job_id, purged_at);

-- index pk_purged_jobs
CREATE UNIQUE INDEX pk_purged_jobs ON public.purged_jobs USING btree (job_id, purged_at);

-- trigger purged_jobs.guard_delete
CREATE TRIGGER guard_delete BEFORE DELETE ON public.purged_jobs FOR EACH ROW EXECUTE FUNCTION jobledger.guard_purged_job();

-- trigger purged_jobs.guard_insert
CREATE TRIGGER guard_insert BEFORE INSERT ON public.purged_jobs FOR EACH ROW EXECUTE FUNCTION jobledger.guard_purged_job();

-- trigger purged_jobs.guard_truncate
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON public.purged_jobs FOR EACH STATEMENT EXECUTE FUNCTION jobledger.guard_purged_job();

-- trigger purged_jobs.guard_update
CREATE TRIGGER guard_update BEFORE UPDATE ON public.purged_jobs FOR EACH ROW EXECUTE FUNCTION jobledger.guard_purged_job();

-- setting session_replication_role
SET session_replication_role = origin;
