DROP FUNCTION "jobledger_purge"(timestamptz, integer);
CREATE OR REPLACE FUNCTION "jobledger_guard_job_removal"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    RAISE EXCEPTION USING ERRCODE = 'JL005', TABLE = 'jobs', MESSAGE = 'Jobs cannot be truncated: their history would be lost.';
  END IF;
  IF OLD.deleted_at IS NULL OR current_setting('jobledger.purge', true) IS DISTINCT FROM 'on' THEN
    RAISE EXCEPTION USING ERRCODE = 'JL005', TABLE = 'jobs',
      MESSAGE = format('Job %s cannot be removed: its history would be lost.', OLD.id),
      HINT = 'Soft-delete it: set state to CANCELLED and deleted_at to now().';
  END IF;
  RETURN OLD;
END
$$;
DROP FUNCTION "jobledger_follower_behind"(uuid);
DROP TABLE "purged_jobs";
DROP FUNCTION "jobledger_guard_purged_job"();
DROP INDEX "ix_jobs_deleted_at";
