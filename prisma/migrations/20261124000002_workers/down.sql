DROP TABLE "maintenance_tasks";
DROP TRIGGER "record_transition_then_follow_up" ON "jobs";
DROP FUNCTION "jobledger_follow_up"();
DROP FUNCTION "jobledger_retry_delay"(integer);

-- As the migrations before this one have them.
CREATE OR REPLACE FUNCTION "jobledger_transition_jobs"("items" json, "actor" text)
RETURNS TABLE ("ordinal" integer, "applied" boolean, "job" "jobs")
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  item record;
BEGIN
  -- All callers lock in one order, whatever the order of their items: two batches can wait for each other, never deadlock.
  PERFORM FROM jobs WHERE id IN (SELECT (element ->> 'jobId')::uuid FROM json_array_elements(items) AS element)
    ORDER BY id FOR NO KEY UPDATE;

  FOR item IN
    SELECT * FROM ROWS FROM (json_to_recordset(items) AS ("jobId" uuid, "to" job_state, "reason" text, "metadata" jsonb,
      "expectedVersion" integer, "expectedState" job_state)) WITH ORDINALITY AS t
    ORDER BY t.ordinality
  LOOP
    UPDATE jobs SET state = item."to", version = version + 1, state_reason = item."reason",
      state_actor = jobledger_transition_jobs.actor, state_metadata = coalesce(item."metadata", '{}')
    WHERE id = item."jobId" AND deleted_at IS NULL AND jobledger_is_legal_transition(state, item."to", false)
      AND version = coalesce(item."expectedVersion", version) AND state = coalesce(item."expectedState", state)
    RETURNING jobs.* INTO job;
    applied := FOUND;
    IF NOT applied THEN
      SELECT jobs.* INTO job FROM jobs WHERE id = item."jobId";
    END IF;
    ordinal := item."ordinality";
    RETURN NEXT;
  END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION "jobledger_guard_job_update"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  -- The clock may be set back; the history of a job never runs backwards.
  instant timestamptz := greatest(jobledger_now(), OLD.updated_at);
  deleting boolean := OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL;
BEGIN
  IF OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS DISTINCT FROM OLD.deleted_at THEN
    RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs', COLUMN = 'deleted_at',
      MESSAGE = format('Job %s is deleted; that can be neither undone nor redated.', OLD.id);
  END IF;

  IF NEW.state = OLD.state AND NEW.version = OLD.version AND NOT deleting THEN
    IF (OLD.state_reason, OLD.state_actor, OLD.state_metadata, OLD.started_at, OLD.completed_at)
      IS DISTINCT FROM (NEW.state_reason, NEW.state_actor, NEW.state_metadata, NEW.started_at, NEW.completed_at) THEN
      RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs',
        MESSAGE = format('state_reason, state_actor, state_metadata, started_at and completed_at of job %s change with its state only.', OLD.id);
    END IF;
    NEW.updated_at := instant;
    RETURN NEW;
  END IF;

  IF OLD.deleted_at IS NOT NULL OR NOT jobledger_is_legal_transition(OLD.state, NEW.state, deleting) THEN
    RAISE EXCEPTION USING ERRCODE = 'JL001', TABLE = 'jobs', COLUMN = 'state',
      MESSAGE = format('Job %s cannot go from %s to %s.', OLD.id,
        OLD.state || CASE WHEN OLD.deleted_at IS NULL THEN '' ELSE ' (deleted)' END, NEW.state);
  END IF;

  -- Raised by one: a caller that speaks the protocol and says who it is. Kept: somebody edited the row, and the record says so.
  IF NEW.version = OLD.version THEN
    NEW.version := OLD.version + 1;
    NEW.state_actor := concat('db:', SESSION_USER);
    NEW.state_reason := 'direct update';
    NEW.state_metadata := '{}';
  ELSIF NEW.version <> OLD.version + 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'JL002', TABLE = 'jobs', COLUMN = 'version',
      MESSAGE = format('Job %s has version %s; a transition makes it %s, not %s.', OLD.id, OLD.version, OLD.version + 1, NEW.version);
  END IF;

  NEW.updated_at := instant;
  NEW.started_at := CASE NEW.state WHEN 'PENDING' THEN NULL WHEN 'PROCESSING' THEN instant ELSE OLD.started_at END;
  NEW.completed_at := CASE WHEN NEW.state IN ('PENDING', 'PROCESSING') THEN NULL ELSE coalesce(OLD.completed_at, instant) END;
  NEW.deleted_at := CASE WHEN deleting THEN instant END;
  RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION "jobledger_guard_job_insert"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  created timestamptz := jobledger_uuid_time(NEW.id);
BEGIN
  IF NEW.state <> 'PENDING' OR NEW.version <> 1
    OR NEW.started_at IS NOT NULL OR NEW.completed_at IS NOT NULL OR NEW.deleted_at IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'JL006', TABLE = 'jobs',
      MESSAGE = format('A job begins as PENDING with version 1 and without times; this one came as %s with version %s.', NEW.state, NEW.version);
  END IF;
  -- A job from the future would stand before all others in every list until its time has come.
  IF created > clock_timestamp() + interval '1 minute' THEN
    RAISE EXCEPTION USING ERRCODE = 'JL006', TABLE = 'jobs', COLUMN = 'id',
      MESSAGE = format('The id %s lies in the future (%s); leave it out and the database makes one.', NEW.id, created);
  END IF;
  -- Without a time in the id the CHECK on it refuses the row.
  NEW.created_at := coalesce(created, NEW.created_at);
  NEW.updated_at := NEW.created_at;
  IF NEW.state_actor = concat('db:', SESSION_USER) THEN
    NEW.state_reason := coalesce(NEW.state_reason, 'direct insert');
  END IF;
  RETURN NEW;
END
$$;

-- Their constraints and indexes go with them.
ALTER TABLE "jobs"
  DROP COLUMN "cancel_reason",
  DROP COLUMN "cancel_requested_by",
  DROP COLUMN "cancel_requested_at",
  DROP COLUMN "lease_expires_at",
  DROP COLUMN "releases",
  DROP COLUMN "attempt",
  DROP COLUMN "max_attempts",
  DROP COLUMN "run_at",
  DROP COLUMN "priority";
