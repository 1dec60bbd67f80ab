DELETE FROM "jobledger"."compatible_migrations" WHERE "name" = '20261128000009_result_records';
DROP TRIGGER "record_result_insert" ON "public"."job_results";
DROP TRIGGER "record_result_update" ON "public"."job_results";
CREATE OR REPLACE FUNCTION "jobledger"."begin_timeline_if_moved"() RETURNS boolean
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

CREATE OR REPLACE FUNCTION "jobledger"."realign_transaction_ids"("seen_epoch" bigint DEFAULT NULL, "seen" bigint DEFAULT NULL) RETURNS boolean
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

DROP TABLE "public"."job_result_records";
DROP FUNCTION "jobledger"."guard_result_record"();
DROP FUNCTION "jobledger"."record_result"();
DROP FUNCTION "jobledger"."next_record_id"();

CREATE OR REPLACE FUNCTION "jobledger"."guard_result"() RETURNS trigger
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

ALTER TABLE "public"."job_results" DROP COLUMN "revision", DROP COLUMN "actor", DROP COLUMN "database_role";
