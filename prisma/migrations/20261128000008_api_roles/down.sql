DELETE FROM "jobledger"."compatible_migrations" WHERE "name" = '20261128000008_api_roles';

DROP TRIGGER "guard_immutable" ON "public"."jobs";
CREATE TRIGGER "guard_immutable" BEFORE UPDATE OF "id", "user_id", "content", "preset", "created_at", "idempotency_key", "request_hash"
  ON "public"."jobs" FOR EACH ROW EXECUTE FUNCTION jobledger.guard_job_immutable();

CREATE OR REPLACE FUNCTION "jobledger"."guard_job_insert"() RETURNS trigger
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

CREATE OR REPLACE FUNCTION "jobledger"."guard_job_immutable"() RETURNS trigger
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

CREATE OR REPLACE FUNCTION "jobledger"."guard_job_update"() RETURNS trigger
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

CREATE OR REPLACE FUNCTION "jobledger"."record_transition"() RETURNS trigger
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

CREATE OR REPLACE FUNCTION "jobledger"."guard_record_insert"() RETURNS trigger
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

ALTER TABLE "public"."job_states" DROP COLUMN "salt", DROP COLUMN "run_at", DROP COLUMN "previous_run_at", DROP COLUMN "database_role";
ALTER TABLE "public"."jobs" DROP COLUMN "salt";
DROP FUNCTION "jobledger"."may_name_actor"();
DROP TABLE "jobledger"."api_roles";
