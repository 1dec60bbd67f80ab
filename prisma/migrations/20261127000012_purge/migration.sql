-- A purge takes deleted jobs away with their histories. Only the owner of the tables purges, or whoever may run the function that the owner
-- has made for it; nothing is purged that a follower has still to read; and each purged job leaves a row behind.

CREATE TABLE "purged_jobs" (
  "job_id" UUID NOT NULL,
  "purged_at" TIMESTAMPTZ(3) NOT NULL,
  "purged_by" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "records" INTEGER NOT NULL,

  CONSTRAINT "pk_purged_jobs" PRIMARY KEY ("job_id", "purged_at")
);

-- The queue of the purge. On large tables it may be created CONCURRENTLY beforehand, by this name and definition.
CREATE INDEX IF NOT EXISTS "ix_jobs_deleted_at" ON "jobs"("deleted_at", "id") WHERE "deleted_at" IS NOT NULL;

CREATE FUNCTION "jobledger_guard_purged_job"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  -- Depth 1 is an INSERT by hand.
  IF TG_OP <> 'INSERT' OR pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION USING ERRCODE = 'JL003', TABLE = 'purged_jobs',
      MESSAGE = format('The traces of purged jobs are written by the purge alone: %s of purged_jobs is refused.', TG_OP);
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER "guard_insert" BEFORE INSERT ON "purged_jobs" FOR EACH ROW EXECUTE FUNCTION jobledger_guard_purged_job();
CREATE TRIGGER "guard_update" BEFORE UPDATE ON "purged_jobs" FOR EACH ROW EXECUTE FUNCTION jobledger_guard_purged_job();
CREATE TRIGGER "guard_delete" BEFORE DELETE ON "purged_jobs" FOR EACH ROW EXECUTE FUNCTION jobledger_guard_purged_job();
CREATE TRIGGER "guard_truncate" BEFORE TRUNCATE ON "purged_jobs" FOR EACH STATEMENT EXECUTE FUNCTION jobledger_guard_purged_job();

-- The first follower that has still to read a record of the job; null if there is none. The roll-up is no such follower: what it has added it
-- takes off again ("purge_from_roll_up").
CREATE FUNCTION "jobledger_follower_behind"("job" uuid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT followers.name FROM (
    SELECT transaction_id, id FROM job_states WHERE job_id = job ORDER BY sequence DESC LIMIT 1
  ) AS latest JOIN followers ON (followers.transaction_id, followers.record_id) < (latest.transaction_id, latest.id)
  WHERE followers.name <> 'rollup' ORDER BY followers.name LIMIT 1
$$;

CREATE OR REPLACE FUNCTION "jobledger_guard_job_removal"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  follower text;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    RAISE EXCEPTION USING ERRCODE = 'JL005', TABLE = 'jobs', MESSAGE = 'Jobs cannot be truncated: their history would be lost.';
  END IF;
  -- Anybody can set the setting; it only keeps the owner from a slip.
  IF OLD.deleted_at IS NULL OR current_setting('jobledger.purge', true) IS DISTINCT FROM 'on'
    OR NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
    RAISE EXCEPTION USING ERRCODE = 'JL005', TABLE = 'jobs',
      MESSAGE = format('Job %s cannot be removed: its history would be lost.', OLD.id),
      HINT = 'Soft-delete it: set state to CANCELLED and deleted_at to now().';
  END IF;
  follower := jobledger_follower_behind(OLD.id);
  IF follower IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'JL005', TABLE = 'jobs',
      MESSAGE = format('Job %s cannot be purged yet: the follower %s has not read all of its records.', OLD.id, follower),
      HINT = 'Wait for the follower. If it is no longer used, remove its row from followers.';
  END IF;
  INSERT INTO purged_jobs (job_id, purged_at, purged_by, version, records)
  SELECT OLD.id, jobledger_now(), SESSION_USER, OLD.version, count(*) FROM job_states WHERE job_id = OLD.id;
  RETURN OLD;
END
$$;

-- Purges jobs that were deleted before the instant, "most" at most, the earliest first, and returns how many it purged. Passes over jobs that
-- a follower has still to read. Runs as its owner; nobody else may run it unless the owner grants it.
CREATE FUNCTION "jobledger_purge"("deleted_before" timestamptz, "most" integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  purged integer;
  before text := coalesce(current_setting('jobledger.purge', true), '');
BEGIN
  -- Not as a setting of the function: only a superuser may create such a function, and the owner is none.
  PERFORM set_config('jobledger.purge', 'on', true);
  DELETE FROM jobs WHERE id = ANY (ARRAY (
    SELECT id FROM jobs WHERE deleted_at < deleted_before AND jobledger_follower_behind(id) IS NULL
    ORDER BY deleted_at, id LIMIT most FOR UPDATE SKIP LOCKED));
  GET DIAGNOSTICS purged = ROW_COUNT;
  PERFORM set_config('jobledger.purge', before, true);
  RETURN purged;
END
$$;

REVOKE EXECUTE ON FUNCTION "jobledger_purge"(timestamptz, integer) FROM PUBLIC;

INSERT INTO "compatible_migrations" ("name") VALUES ('20261127000012_purge');
