-- The guards. No client - the API, Prisma Studio, psql - can change a state without a record, make
-- an illegal transition, or rewrite a record. The guards raise these SQLSTATEs:
--   JL001 illegal transition
--   JL002 version neither kept nor raised by one
--   JL003 change of the history, which is append-only
--   JL004 change of a value that never changes
--   JL005 removal of a job or a result
--   JL006 new job that has values of an older one
--   JL008 incomplete ledger: a restore is running
--   JL020 response that is larger than its limit
--
-- Each function whose body is text fixes its search_path: otherwise a session could put a table of
-- its own in place of "job_states". The body of the others (RETURN ...) is bound to what it names
-- when the function is created.

-- Returns the current time in whole milliseconds, never rounded up.
CREATE FUNCTION "jobledger"."current_instant"() RETURNS timestamptz
LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN date_trunc('milliseconds', clock_timestamp());

-- The state machine. src/ledger/states.ts has the same table; a test compares the two.
CREATE FUNCTION "jobledger"."is_legal_transition"("previous" "public"."job_state", "next" "public"."job_state", "deleting" boolean)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN "deleting" THEN "next" = 'CANCELLED'
  WHEN "previous" = 'PENDING' THEN "next" IN ('PROCESSING', 'CANCELLED')
  WHEN "previous" = 'PROCESSING' THEN "next" IN ('COMPLETED', 'FAILED', 'CANCELLED', 'PENDING')
  WHEN "previous" = 'FAILED' THEN "next" = 'PENDING'
  ELSE false
END;

-- jobs --------------------------------------------------------------------------------------------

CREATE FUNCTION "jobledger"."guard_job_insert"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
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
  IF NEW.state_actor = concat('db:', SESSION_USER) THEN
    NEW.state_reason := coalesce(NEW.state_reason, 'direct insert');
  END IF;
  RETURN NEW;
END
$$;

CREATE FUNCTION "jobledger"."guard_job_immutable"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
BEGIN
  IF (OLD.id, OLD.user_id, OLD.content, OLD.preset, OLD.created_at, OLD.idempotency_key, OLD.request_hash)
    IS DISTINCT FROM (NEW.id, NEW.user_id, NEW.content, NEW.preset, NEW.created_at, NEW.idempotency_key, NEW.request_hash) THEN
    RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs',
      MESSAGE = format('These columns of job %s never change: id, user_id, content, preset, created_at, idempotency_key, request_hash.', OLD.id);
  END IF;
  RETURN NEW;
END
$$;

CREATE FUNCTION "jobledger"."guard_job_update"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
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
        NEW.cancel_requested_by := coalesce(NEW.cancel_requested_by, concat('db:', SESSION_USER));
      END IF;
    END IF;
    -- A lease is extended every few seconds: that alone is no update of the job.
    IF NEW.lease_expires_at IS DISTINCT FROM OLD.lease_expires_at
      AND (OLD.priority, OLD.run_at, OLD.max_attempts, OLD.metadata,
          OLD.cancel_requested_at, OLD.cancel_requested_by, OLD.cancel_reason)
        IS NOT DISTINCT FROM (NEW.priority, NEW.run_at, NEW.max_attempts, NEW.metadata,
          NEW.cancel_requested_at, NEW.cancel_requested_by, NEW.cancel_reason) THEN
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
$$;

CREATE FUNCTION "jobledger"."guard_job_error"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
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
$$;

-- Inserts one record for each change of state, in the same commit.
CREATE FUNCTION "jobledger"."record_transition"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO job_states (job_id, sequence, new_state, reason, state_metadata, actor, "timestamp", transaction_id)
    VALUES (NEW.id, 1, NEW.state, NEW.state_reason, NEW.state_metadata, NEW.state_actor, NEW.created_at, 0);
    RETURN NULL;
  END IF;
  -- The transaction id of the record before is the minimum for this one; "guard_insert" raises it.
  INSERT INTO job_states (job_id, sequence, previous_state, new_state, reason, state_metadata, actor, "timestamp",
    previous_state_duration_ms, transaction_id)
  SELECT NEW.id, NEW.version, OLD.state, NEW.state, NEW.state_reason, NEW.state_metadata, NEW.state_actor, NEW.updated_at,
    extract(epoch FROM NEW.updated_at - latest."timestamp") * 1000, latest.transaction_id
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
$$;

-- Returns how long a job waits after its nth failure: exponential, times a random factor from 0.5
-- to 1, so that jobs that fail together are not retried together ("equal jitter": AWS Architecture
-- Blog, "Exponential Backoff And Jitter", 2015). The settings jobledger.retry_base_ms and
-- jobledger.retry_max_ms of a session, a role or a database replace 10 seconds and 1 hour.
CREATE FUNCTION "jobledger"."retry_delay"("failures" integer) RETURNS interval
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
RETURN interval '1 millisecond' * (0.5 + random() / 2) * least(
  coalesce(nullif(current_setting('jobledger.retry_base_ms', true), ''), '10000')::double precision * 2 ^ least("failures" - 1, 62),
  coalesce(nullif(current_setting('jobledger.retry_max_ms', true), ''), '3600000')::double precision);

-- Makes the transition that follows from another, in the same commit and with its own record: a
-- failed job that has attempts left waits for the next one, and a job that is released after it was
-- asked to stop is cancelled.
CREATE FUNCTION "jobledger"."follow_up"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
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
$$;

-- job_states --------------------------------------------------------------------------------------

CREATE FUNCTION "jobledger"."guard_record_insert"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
BEGIN
  -- Depth 1 is an INSERT by hand. A foreign trigger has a greater depth; but the record with the
  -- version and the state of the job exists already, so the unique index refuses another one.
  IF pg_trigger_depth() < 2 OR NOT EXISTS (
    SELECT FROM jobs WHERE id = NEW.job_id AND version = NEW.sequence AND state = NEW.new_state) THEN
    RAISE EXCEPTION USING ERRCODE = 'JL003', TABLE = 'job_states',
      MESSAGE = 'Only the database writes records, one for each change of the state of a job.',
      HINT = 'Change the state of the job, and the database writes the record.';
  END IF;
  NEW.transaction_id := greatest(
    NEW.transaction_id, pg_current_xact_id()::text::bigint + (SELECT value FROM transaction_offsets));
  RETURN NEW;
END
$$;

CREATE FUNCTION "jobledger"."record_error"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
BEGIN
  SELECT state_error INTO NEW.error FROM jobs WHERE id = NEW.job_id AND version = NEW.sequence;
  RETURN NEW;
END
$$;

CREATE FUNCTION "jobledger"."guard_record_change"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
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
$$;

-- job_results -------------------------------------------------------------------------------------

CREATE FUNCTION "jobledger"."guard_result"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.created_at := current_instant();
    NEW.updated_at := NEW.created_at;
    RETURN NEW;
  END IF;
  IF (OLD.id, OLD.job_id, OLD.created_at) IS DISTINCT FROM (NEW.id, NEW.job_id, NEW.created_at) THEN
    RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'job_results',
      MESSAGE = format('id, job_id and created_at of the result of job %s never change.', OLD.job_id);
  END IF;
  NEW.updated_at := greatest(current_instant(), OLD.updated_at);
  RETURN NEW;
END
$$;

CREATE FUNCTION "jobledger"."guard_result_removal"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF NOT EXISTS (SELECT FROM jobs WHERE id = OLD.job_id) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'JL005', TABLE = 'job_results',
    MESSAGE = format('A result is removed only with its job: %s of job_results is refused.', TG_OP);
END
$$;

-- JSON --------------------------------------------------------------------------------------------

-- JSON is nested at most 100 levels deep, as in the API (src/ledger/storable.ts): deeper values
-- overflow the stack of programs that read them. Triggers refuse them, not CHECKs: every update of
-- a row tests its CHECKs, so a deep value that got past one would block all later transitions of
-- its job. The condition takes a quarter of a microsecond for a small value.
CREATE FUNCTION "jobledger"."refuse_deep_json"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, COLUMN = TG_ARGV[0],
    MESSAGE = format('%s of %s must be nested at most 100 levels deep.', TG_ARGV[0], TG_TABLE_NAME);
END
$$;

-- Purge -------------------------------------------------------------------------------------------

-- Returns the first consumer that has not read all records of the job; null if all have. The
-- roll-up does not count: a purge subtracts what it has added ("remove_from_rollup").
CREATE FUNCTION "jobledger"."blocking_consumer"("job" uuid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
  SELECT consumers.name FROM (
    SELECT transaction_id, id FROM job_states WHERE job_id = job ORDER BY sequence DESC LIMIT 1
  ) AS latest JOIN consumers ON (consumers.transaction_id, consumers.record_id) < (latest.transaction_id, latest.id)
  WHERE consumers.name <> 'rollup' ORDER BY consumers.name LIMIT 1
$$;

CREATE FUNCTION "jobledger"."guard_job_removal"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
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
$$;

CREATE FUNCTION "jobledger"."guard_purged_job"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
BEGIN
  -- Depth 1 is an INSERT by hand.
  IF TG_OP <> 'INSERT' OR pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION USING ERRCODE = 'JL003', TABLE = 'purged_jobs',
      MESSAGE = format('Only the purge writes purged_jobs: %s of purged_jobs is refused.', TG_OP);
  END IF;
  RETURN NEW;
END
$$;

-- Purges at most "max_jobs" jobs that were deleted before "deleted_before", the earliest first, and
-- returns their number. Skips jobs that a consumer has not read. Runs with the rights of its owner,
-- who may grant it to other roles.
CREATE FUNCTION "jobledger"."purge"("deleted_before" timestamptz, "max_jobs" integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
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
$$;

REVOKE EXECUTE ON FUNCTION "jobledger"."purge"(timestamptz, integer) FROM PUBLIC;

-- Batches -----------------------------------------------------------------------------------------

-- Returns "bytes". If there are more than "max_bytes", it raises JL020, so that the whole statement
-- is rolled back.
CREATE FUNCTION "jobledger"."check_response_size"("bytes" bigint, "max_bytes" bigint) RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF bytes > max_bytes THEN
    RAISE EXCEPTION USING ERRCODE = 'JL020', DETAIL = bytes,
      MESSAGE = format('The response has %s bytes; the limit is %s.', bytes, max_bytes);
  END IF;
  RETURN bytes;
END
$$;

-- Makes many transitions in one statement, in the given order. Each item is {jobId, to, reason,
-- metadata, expectedVersion, expectedState}, succeeds or fails by itself, and sees those before it.
-- The reason of a transition to FAILED is also its error. "applied" is whether the transition
-- happened. "job" is the job after it, without content: a batch may name one job a thousand times,
-- and each row of the result has a copy of all values. If the transition did not happen, "job" has
-- only id, state, version and deleted_at, or is null if there is no such job.
CREATE FUNCTION "jobledger"."transition_jobs"("items" json, "actor" text)
RETURNS TABLE ("ordinal" integer, "applied" boolean, "job" "public"."jobs")
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
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
$$;

-- Transaction ids and timelines -------------------------------------------------------------------
--
-- A consumer reads records whose transaction id is below the horizon, the oldest transaction that
-- still runs. A transaction gets its id when it begins to write, so three things could break the
-- order:
-- 1. A transaction with a lower id changes a job after one with a higher id, because it waited for
--    the row. Its record would be read before the record that it follows. Therefore the transaction
--    id of a record is never less than that of the record before. It is never less than the id of
--    its own transaction, so nothing appears below a horizon that a consumer has passed.
-- 2. A database that was dumped and restored on another server gets ids from another counter. An
--    offset continues the order.
-- 3. A restore, a promoted standby or a copy of the database gives the same ids to other records.
--    Therefore the ledger stores its location: cluster, timeline of the WAL, database and table.
--    When that has changed, a new timeline begins before the first write. Its transaction ids are
--    above all that the old timeline can have given. Cursors contain the epoch of their timeline,
--    so a cursor from a lost end is refused.
--
-- A session checks the location once, and then sets "jobledger.timeline". A session that sets it by
-- hand skips the check: consumers may miss its records, and so does the roll-up until it is
-- rebuilt.

-- Returns the horizon: all records with a lower transaction id are committed or never will be.
-- STABLE, so that it is the horizon of the calling statement.
CREATE FUNCTION "jobledger"."visible_xmin"() RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, jobledger, public, pg_temp
RETURN pg_snapshot_xmin(pg_current_snapshot())::text::bigint
  + (SELECT value FROM jobledger.transaction_offsets);

-- Returns where this database is: system identifier, timeline of the WAL (not from the control
-- file, which lags behind a promotion), database and table. Fails on a standby server, which writes
-- no WAL.
CREATE FUNCTION "jobledger"."database_location"() RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
  SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
    left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
    (SELECT oid FROM pg_database WHERE datname = current_database()), 'public.job_states'::regclass::oid)
$$;

-- Begins a timeline whose transaction ids are above "latest" and above all that the current one can
-- give. "common" is the last position that both share.
CREATE FUNCTION "jobledger"."begin_timeline"("latest" bigint, "common" jobledger.consumers) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
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
$$;

-- Begins a timeline if the database is not in the stored location. Returns whether it did.
CREATE FUNCTION "jobledger"."begin_timeline_if_moved"() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
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
  PERFORM begin_timeline(greatest((SELECT max(transaction_id) FROM job_states), common.transaction_id), common);
  RETURN true;
END
$$;

REVOKE EXECUTE ON FUNCTION "jobledger"."begin_timeline_if_moved"() FROM PUBLIC;

-- Makes sure that new records come after the present ones, whatever was done to the database.
-- Begins a timeline if the location has changed, if records or checkpoints are ahead of the
-- server's counter, or if the counter is behind "seen", which the caller has seen in "seen_epoch".
-- Returns whether it did. Raises JL008 while a restore is running.
CREATE FUNCTION "jobledger"."realign_transaction_ids"("seen_epoch" bigint DEFAULT NULL, "seen" bigint DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
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
    ('jobs'::regclass, 'record_transition'), ('job_states'::regclass, 'check_timeline'), ('consumers'::regclass, 'check_timeline'))) < 3
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
    latest := greatest((SELECT max(transaction_id) FROM job_states), (SELECT max(transaction_id) FROM consumers), 0);
    next := pg_snapshot_xmax(pg_current_snapshot())::text::bigint + (SELECT value FROM transaction_offsets);
    IF latest < next AND (seen_epoch = timeline.epoch AND seen > next) IS NOT TRUE THEN
      IF timeline.location IS NULL THEN
        UPDATE ledger_timelines SET location = database_location() WHERE epoch = timeline.epoch AND location IS NULL;
      END IF;
      RETURN false;
    END IF;
    -- Blocks writers of records. Then checks again: another server may have just done it.
    LOCK TABLE job_states IN SHARE ROW EXCLUSIVE MODE;
  END LOOP;
  PERFORM begin_timeline(greatest(latest, seen), NULL);
  -- Records that were written here before are below the checkpoint of the roll-up: neither in the
  -- sums nor in the tail.
  IF latest >= next THEN
    PERFORM reset_rollup();
  END IF;
  RETURN true;
END
$$;

REVOKE EXECUTE ON FUNCTION "jobledger"."realign_transaction_ids"(bigint, bigint) FROM PUBLIC;

CREATE FUNCTION "jobledger"."check_timeline"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
BEGIN
  PERFORM set_config('jobledger.timeline', 'job_states'::regclass::oid::text, false);
  PERFORM begin_timeline_if_moved();
  RETURN NULL;
END
$$;

-- Triggers ----------------------------------------------------------------------------------------
-- Triggers for one event fire in the order of their names.

CREATE TRIGGER "guard_insert" BEFORE INSERT ON "public"."jobs" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_job_insert();
-- Bound to these columns: comparing them in each update would read up to a megabyte of content.
CREATE TRIGGER "guard_immutable" BEFORE UPDATE OF "id", "user_id", "content", "preset", "created_at", "idempotency_key", "request_hash"
  ON "public"."jobs" FOR EACH ROW EXECUTE FUNCTION jobledger.guard_job_immutable();
CREATE TRIGGER "guard_update" BEFORE UPDATE ON "public"."jobs" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_job_update();
-- After "guard_update", which raises the version. Most updates have no error.
CREATE TRIGGER "guard_update_error" BEFORE UPDATE ON "public"."jobs" FOR EACH ROW
  WHEN (OLD."state_error" IS NOT NULL OR NEW."state_error" IS NOT NULL) EXECUTE FUNCTION jobledger.guard_job_error();
CREATE TRIGGER "guard_delete" BEFORE DELETE ON "public"."jobs" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_job_removal();
CREATE TRIGGER "guard_truncate" BEFORE TRUNCATE ON "public"."jobs" FOR EACH STATEMENT
  EXECUTE FUNCTION jobledger.guard_job_removal();
CREATE TRIGGER "record_creation" AFTER INSERT ON "public"."jobs" FOR EACH ROW
  EXECUTE FUNCTION jobledger.record_transition();
CREATE TRIGGER "record_transition" AFTER UPDATE ON "public"."jobs" FOR EACH ROW WHEN (OLD."version" <> NEW."version")
  EXECUTE FUNCTION jobledger.record_transition();
-- After "record_transition": the record of the first transition is written first.
CREATE TRIGGER "record_transition_then_follow_up" AFTER UPDATE ON "public"."jobs" FOR EACH ROW
  WHEN (OLD."version" <> NEW."version" AND NEW."deleted_at" IS NULL AND CASE NEW."state"
    WHEN 'FAILED' THEN NEW."cancel_requested_at" IS NULL AND NEW."attempt" - NEW."releases" < NEW."max_attempts"
    WHEN 'PENDING' THEN NEW."cancel_requested_at" IS NOT NULL
    ELSE false END)
  EXECUTE FUNCTION jobledger.follow_up();

CREATE TRIGGER "guard_insert" BEFORE INSERT ON "public"."job_states" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_record_insert();
CREATE TRIGGER "record_error" BEFORE INSERT ON "public"."job_states" FOR EACH ROW
  WHEN (NEW."new_state" = 'FAILED') EXECUTE FUNCTION jobledger.record_error();
CREATE TRIGGER "guard_update" BEFORE UPDATE ON "public"."job_states" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_record_change();
CREATE TRIGGER "guard_delete" BEFORE DELETE ON "public"."job_states" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_record_change();
CREATE TRIGGER "guard_truncate" BEFORE TRUNCATE ON "public"."job_states" FOR EACH STATEMENT
  EXECUTE FUNCTION jobledger.guard_record_change();

CREATE TRIGGER "guard_result" BEFORE INSERT OR UPDATE ON "public"."job_results" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_result();
CREATE TRIGGER "guard_delete" BEFORE DELETE ON "public"."job_results" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_result_removal();
CREATE TRIGGER "guard_truncate" BEFORE TRUNCATE ON "public"."job_results" FOR EACH STATEMENT
  EXECUTE FUNCTION jobledger.guard_result_removal();

CREATE TRIGGER "guard_insert" BEFORE INSERT ON "public"."purged_jobs" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_purged_job();
CREATE TRIGGER "guard_update" BEFORE UPDATE ON "public"."purged_jobs" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_purged_job();
CREATE TRIGGER "guard_delete" BEFORE DELETE ON "public"."purged_jobs" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_purged_job();
CREATE TRIGGER "guard_truncate" BEFORE TRUNCATE ON "public"."purged_jobs" FOR EACH STATEMENT
  EXECUTE FUNCTION jobledger.guard_purged_job();

-- The value is level 0 of a path. A container at level 100 may be empty, as in the API.
CREATE TRIGGER "refuse_deep_metadata_insert" BEFORE INSERT ON "public"."jobs" FOR EACH ROW
  WHEN (jsonb_path_exists(NEW."metadata", '$.**{101}')) EXECUTE FUNCTION jobledger.refuse_deep_json('metadata');
CREATE TRIGGER "refuse_deep_metadata_update" BEFORE UPDATE OF "metadata" ON "public"."jobs" FOR EACH ROW
  WHEN (jsonb_path_exists(NEW."metadata", '$.**{101}') AND OLD."metadata" IS DISTINCT FROM NEW."metadata")
  EXECUTE FUNCTION jobledger.refuse_deep_json('metadata');
CREATE TRIGGER "refuse_deep_state_metadata_insert" BEFORE INSERT ON "public"."jobs" FOR EACH ROW
  WHEN (jsonb_path_exists(NEW."state_metadata", '$.**{101}')) EXECUTE FUNCTION jobledger.refuse_deep_json('state_metadata');
CREATE TRIGGER "refuse_deep_state_metadata_update" BEFORE UPDATE OF "state_metadata" ON "public"."jobs" FOR EACH ROW
  WHEN (jsonb_path_exists(NEW."state_metadata", '$.**{101}')
    AND OLD."state_metadata" IS DISTINCT FROM NEW."state_metadata")
  EXECUTE FUNCTION jobledger.refuse_deep_json('state_metadata');
CREATE TRIGGER "refuse_deep_output_insert" BEFORE INSERT ON "public"."job_results" FOR EACH ROW
  WHEN (jsonb_path_exists(NEW."output", '$.**{101}')) EXECUTE FUNCTION jobledger.refuse_deep_json('output');
CREATE TRIGGER "refuse_deep_output_update" BEFORE UPDATE OF "output" ON "public"."job_results" FOR EACH ROW
  WHEN (jsonb_path_exists(NEW."output", '$.**{101}') AND OLD."output" IS DISTINCT FROM NEW."output")
  EXECUTE FUNCTION jobledger.refuse_deep_json('output');

CREATE TRIGGER "check_timeline" BEFORE INSERT ON "public"."job_states" FOR EACH STATEMENT
  WHEN (current_setting('jobledger.timeline', true) IS DISTINCT FROM 'public.job_states'::regclass::oid::text)
  EXECUTE FUNCTION jobledger.check_timeline();
CREATE TRIGGER "check_timeline" BEFORE INSERT OR UPDATE ON "jobledger"."consumers" FOR EACH STATEMENT
  WHEN (current_setting('jobledger.timeline', true) IS DISTINCT FROM 'public.job_states'::regclass::oid::text)
  EXECUTE FUNCTION jobledger.check_timeline();
