-- The error of every attempt is a part of the history: jobs.state_error says with a transition to FAILED what went wrong, as
-- state_reason says why any transition happened, and the record keeps it. What brings the job out of FAILED clears it.

ALTER TABLE "jobs" ADD COLUMN "state_error" TEXT;
ALTER TABLE "job_states" ADD COLUMN "error" TEXT;

ALTER TABLE "jobs" ADD CONSTRAINT "ck_jobs_state_error_is_of_failure" CHECK ("state_error" IS NULL OR "state" = 'FAILED');

CREATE FUNCTION "jobledger_guard_job_error"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF NEW.version = OLD.version THEN
    IF NEW.state_error IS DISTINCT FROM OLD.state_error THEN
      RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs', COLUMN = 'state_error',
        MESSAGE = format('state_error of job %s changes with its state only.', OLD.id);
    END IF;
  ELSIF NEW.state <> 'FAILED' OR NEW.state_actor = concat('db:', SESSION_USER) THEN
    -- A direct edit says nothing of its own about a transition.
    NEW.state_error := NULL;
  END IF;
  RETURN NEW;
END
$$;

-- After "guard_update", which raises the version: triggers fire in the order of their names. Most updates have no error.
CREATE TRIGGER "guard_update_error" BEFORE UPDATE ON "jobs" FOR EACH ROW
  WHEN (OLD."state_error" IS NOT NULL OR NEW."state_error" IS NOT NULL) EXECUTE FUNCTION jobledger_guard_job_error();

CREATE FUNCTION "jobledger_record_error"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  SELECT state_error INTO NEW.error FROM jobs WHERE id = NEW.job_id AND version = NEW.sequence;
  RETURN NEW;
END
$$;

CREATE TRIGGER "record_error" BEFORE INSERT ON "job_states" FOR EACH ROW
  WHEN (NEW."new_state" = 'FAILED') EXECUTE FUNCTION jobledger_record_error();

-- With the reason of a transition to FAILED as its error: such an item has no other.
CREATE OR REPLACE FUNCTION "jobledger_make_transitions"("items" json, "actor" text)
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
      state_actor = jobledger_make_transitions.actor, state_metadata = coalesce(item."metadata", '{}'), releases = releases + 1,
      state_error = CASE WHEN item."to" = 'FAILED' THEN item."reason" END
    WHERE id = item."jobId" AND deleted_at IS NULL AND jobledger_is_legal_transition(state, item."to", false)
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

INSERT INTO "compatible_migrations" ("name") VALUES ('20261127000002_attempt_errors');
