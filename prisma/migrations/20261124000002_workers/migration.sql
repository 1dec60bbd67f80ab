-- What workers need: when a job is due and how urgent it is, the lease under which somebody works on it, how often it may be tried,
-- and the request to stop. Leases and requests are no changes of state, so they leave the version alone: it stays the fencing
-- token of whoever holds the job.

ALTER TABLE "jobs"
  ADD COLUMN "priority" INTEGER NOT NULL DEFAULT 0,
  -- The guard makes of it the instant of creation: no job is due before it is there.
  ADD COLUMN "run_at" TIMESTAMPTZ(3) NOT NULL DEFAULT '-infinity',
  ADD COLUMN "max_attempts" INTEGER NOT NULL DEFAULT 1,
  ADD COLUMN "attempt" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "releases" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "lease_expires_at" TIMESTAMPTZ(3),
  ADD COLUMN "cancel_requested_at" TIMESTAMPTZ(3),
  ADD COLUMN "cancel_requested_by" TEXT,
  ADD COLUMN "cancel_reason" TEXT;

-- The jobs that are there, by what their histories tell.
ALTER TABLE "jobs" DISABLE TRIGGER USER;
UPDATE "jobs" SET "run_at" = "created_at",
  "attempt" = (SELECT count(*) FROM "job_states" WHERE "job_id" = "jobs"."id" AND "new_state" = 'PROCESSING');
ALTER TABLE "jobs" ENABLE TRIGGER USER;

ALTER TABLE "jobs"
  ADD CONSTRAINT "ck_jobs_run_at_not_before_creation" CHECK ("run_at" >= "created_at"),
  ADD CONSTRAINT "ck_jobs_priority_in_range" CHECK ("priority" BETWEEN -1000 AND 1000),
  ADD CONSTRAINT "ck_jobs_max_attempts_positive" CHECK ("max_attempts" >= 1),
  ADD CONSTRAINT "ck_jobs_attempts_add_up" CHECK ("releases" >= 0 AND "releases" <= "attempt"),
  ADD CONSTRAINT "ck_jobs_lease_is_of_work" CHECK ("lease_expires_at" IS NULL OR "state" = 'PROCESSING'),
  ADD CONSTRAINT "ck_jobs_cancel_request_complete" CHECK (
    ("cancel_requested_at" IS NULL) = ("cancel_requested_by" IS NULL) AND ("cancel_requested_at" IS NOT NULL OR "cancel_reason" IS NULL));

-- Partial, and therefore invisible to Prisma. The queue: only jobs that wait, in the order in which they are claimed. The second is
-- for workers that take some presets only, who would read past all others in the first.
CREATE INDEX "ix_jobs_claim" ON "jobs"("priority" DESC, "run_at", "id") WHERE "state" = 'PENDING';
CREATE INDEX "ix_jobs_claim_preset" ON "jobs"("preset", "priority" DESC, "run_at", "id") WHERE "state" = 'PENDING' AND "preset" IS NOT NULL;
-- Only jobs under a lease, for the search for leases that have ended.
CREATE INDEX "ix_jobs_lease_expires_at" ON "jobs"("lease_expires_at", "id") WHERE "lease_expires_at" IS NOT NULL;

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
  IF NEW.attempt <> 0 OR NEW.releases <> 0 OR NEW.lease_expires_at IS NOT NULL OR NEW.cancel_requested_at IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'JL006', TABLE = 'jobs',
      MESSAGE = 'A job begins without attempts, releases, lease and request to cancel.';
  END IF;
  -- A job from the future would stand before all others in every list until its time has come.
  IF created > clock_timestamp() + interval '1 minute' THEN
    RAISE EXCEPTION USING ERRCODE = 'JL006', TABLE = 'jobs', COLUMN = 'id',
      MESSAGE = format('The id %s lies in the future (%s); leave it out and the database makes one.', NEW.id, created);
  END IF;
  -- Without a time in the id the CHECK on it refuses the row.
  NEW.created_at := coalesce(created, NEW.created_at);
  NEW.updated_at := NEW.created_at;
  NEW.run_at := greatest(NEW.run_at, NEW.created_at);
  IF NEW.state_actor = concat('db:', SESSION_USER) THEN
    NEW.state_reason := coalesce(NEW.state_reason, 'direct insert');
  END IF;
  RETURN NEW;
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

  NEW.run_at := greatest(NEW.run_at, NEW.created_at);

  IF NEW.state = OLD.state AND NEW.version = OLD.version AND NOT deleting THEN
    IF (OLD.state_reason, OLD.state_actor, OLD.state_metadata, OLD.started_at, OLD.completed_at, OLD.attempt, OLD.releases)
      IS DISTINCT FROM (NEW.state_reason, NEW.state_actor, NEW.state_metadata, NEW.started_at, NEW.completed_at, NEW.attempt, NEW.releases) THEN
      RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs',
        MESSAGE = format('state_reason, state_actor, state_metadata, started_at, completed_at, attempt and releases of job %s change with its state only.', OLD.id);
    END IF;
    IF NEW.cancel_requested_at IS DISTINCT FROM OLD.cancel_requested_at THEN
      IF NEW.state <> 'PROCESSING' THEN
        RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs', COLUMN = 'cancel_requested_at',
          MESSAGE = format('Job %s is %s; only work that is going on can be asked to stop.', OLD.id, OLD.state);
      END IF;
      IF NEW.cancel_requested_at IS NULL THEN
        NEW.cancel_requested_by := NULL;
        NEW.cancel_reason := NULL;
      ELSE
        NEW.cancel_requested_at := instant;
        NEW.cancel_requested_by := coalesce(NEW.cancel_requested_by, concat('db:', SESSION_USER));
      END IF;
    END IF;
    -- A lease that is extended every few seconds is no news of the job.
    IF NEW.lease_expires_at IS DISTINCT FROM OLD.lease_expires_at
      AND (OLD.priority, OLD.run_at, OLD.max_attempts, OLD.metadata, OLD.cancel_requested_at, OLD.cancel_requested_by, OLD.cancel_reason)
        IS NOT DISTINCT FROM
          (NEW.priority, NEW.run_at, NEW.max_attempts, NEW.metadata, NEW.cancel_requested_at, NEW.cancel_requested_by, NEW.cancel_reason) THEN
      NEW.updated_at := OLD.updated_at;
    ELSE
      NEW.updated_at := instant;
    END IF;
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

  NEW.attempt := OLD.attempt + CASE WHEN NEW.state = 'PROCESSING' THEN 1 ELSE 0 END;
  -- Given back (the caller raised it) or lost (it did not): only what was given back does not count as tried.
  NEW.releases := OLD.releases
    + CASE WHEN OLD.state = 'PROCESSING' AND NEW.state = 'PENDING' AND NEW.releases > OLD.releases THEN 1 ELSE 0 END;
  IF NEW.state <> 'PROCESSING' THEN
    NEW.lease_expires_at := NULL;
  END IF;
  -- A request to stop is about the attempt that was going on; another attempt begins without one.
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

-- How long a job waits after its nth failure: exponential, and by chance between half of that and the whole, so that jobs that failed
-- together do not come back together ("equal jitter": AWS Architecture Blog, "Exponential Backoff And Jitter", 2015). The settings
-- jobledger.retry_base_ms and jobledger.retry_max_ms of a session, a role or a database replace 10 seconds and 1 hour.
CREATE FUNCTION "jobledger_retry_delay"("failures" integer) RETURNS interval
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
RETURN interval '1 millisecond' * (0.5 + random() / 2) * least(
  coalesce(nullif(current_setting('jobledger.retry_base_ms', true), ''), '10000')::double precision * 2 ^ least("failures" - 1, 62),
  coalesce(nullif(current_setting('jobledger.retry_max_ms', true), ''), '3600000')::double precision);

-- What follows from a transition by itself, as a transition of its own in the same commit, with a record of its own:
-- a failed job that may be tried again waits for its next attempt, and a job that comes back from a worker after it was asked to
-- stop is cancelled.
CREATE FUNCTION "jobledger_follow_up"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  failures integer := NEW.attempt - NEW.releases;
BEGIN
  IF NEW.state = 'FAILED' THEN
    UPDATE jobs SET state = 'PENDING', version = version + 1, state_actor = 'system:retry', state_metadata = '{}',
      state_reason = format('attempt %s of %s failed', failures, NEW.max_attempts),
      run_at = date_trunc('milliseconds', NEW.updated_at + jobledger_retry_delay(failures))
    WHERE id = NEW.id;
  ELSE
    UPDATE jobs SET state = 'CANCELLED', version = version + 1, state_actor = 'system:cancel', state_metadata = '{}',
      state_reason = concat('asked for by ', NEW.cancel_requested_by, ': ' || NEW.cancel_reason)
    WHERE id = NEW.id;
  END IF;
  RETURN NULL;
END
$$;

-- Triggers fire in the order of their names: the record of the transition is written first.
CREATE TRIGGER "record_transition_then_follow_up" AFTER UPDATE ON "jobs" FOR EACH ROW
  WHEN (OLD."version" <> NEW."version" AND NEW."deleted_at" IS NULL AND CASE NEW."state"
    WHEN 'FAILED' THEN NEW."cancel_requested_at" IS NULL AND NEW."attempt" - NEW."releases" < NEW."max_attempts"
    WHEN 'PENDING' THEN NEW."cancel_requested_at" IS NOT NULL
    ELSE false END)
  EXECUTE FUNCTION jobledger_follow_up();

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
      state_actor = jobledger_transition_jobs.actor, state_metadata = coalesce(item."metadata", '{}'), releases = releases + 1
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

-- When maintenance last ran, and where it goes on.
CREATE TABLE "maintenance_tasks" (
  "name" TEXT NOT NULL,
  "last_run_at" TIMESTAMPTZ(3) NOT NULL,
  "position" UUID,

  CONSTRAINT "pk_maintenance_tasks" PRIMARY KEY ("name")
);
