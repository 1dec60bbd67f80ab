-- The history of results: one record for each revision, written by the database in the commit of
-- the change, and never changed.

-- Returns the next id of a record: of job_states too, so that (transaction_id, id) orders the
-- records of both tables. A function, because Prisma takes a plain nextval() for a sequence of the
-- column.
CREATE FUNCTION "jobledger"."next_record_id"() RETURNS bigint
LANGUAGE sql VOLATILE
RETURN nextval('public.job_states_id_seq');

CREATE TABLE "public"."job_result_records" (
  "id" BIGINT NOT NULL DEFAULT jobledger.next_record_id(),
  "job_id" UUID NOT NULL,
  "revision" INTEGER NOT NULL,
  "status" "public"."job_result_status" NOT NULL,
  "output" JSONB,
  "error_message" TEXT,
  "processing_time_ms" INTEGER,
  "actor" TEXT NOT NULL,
  "database_role" TEXT NOT NULL DEFAULT SESSION_USER,
  "timestamp" TIMESTAMPTZ(3) NOT NULL,
  "transaction_id" BIGINT NOT NULL,
  "salt" UUID NOT NULL DEFAULT gen_random_uuid(),

  CONSTRAINT "pk_job_result_records" PRIMARY KEY ("id"),
  CONSTRAINT "fk_job_result_records_job_id" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id")
    ON DELETE CASCADE ON UPDATE RESTRICT,
  CONSTRAINT "ck_job_result_records_revision_positive" CHECK ("revision" >= 1)
);

CREATE UNIQUE INDEX "ix_job_result_records_job_id" ON "public"."job_result_records"("job_id", "revision");
-- The order in which consumers read.
CREATE INDEX "ix_job_result_records_transaction_id" ON "public"."job_result_records"("transaction_id", "id");

ALTER TABLE "public"."job_results" ADD COLUMN "revision" INTEGER NOT NULL DEFAULT 1;
-- Empty in results that are older than the columns: who wrote them is not known.
ALTER TABLE "public"."job_results" ADD COLUMN "actor" TEXT NOT NULL DEFAULT '';
ALTER TABLE "public"."job_results" ADD COLUMN "database_role" TEXT NOT NULL DEFAULT '';
-- Results that are there have a record too, so that each later change has one before it.
INSERT INTO "public"."job_result_records" ("job_id", "revision", "status", "output", "error_message", "processing_time_ms",
  "actor", "database_role", "timestamp", "transaction_id")
SELECT "job_id", "revision", "status", "output", "error_message", "processing_time_ms", "actor", "database_role", "updated_at",
  pg_current_xact_id()::text::bigint + (SELECT "value" FROM "jobledger"."transaction_offsets")
FROM "public"."job_results";
ALTER TABLE "public"."job_results" ALTER COLUMN "actor" SET DEFAULT concat('db:', SESSION_USER);
ALTER TABLE "public"."job_results" ALTER COLUMN "database_role" SET DEFAULT SESSION_USER;

CREATE OR REPLACE FUNCTION "jobledger"."guard_result"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
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
$$;

-- Inserts one record for each revision of a result, in the same commit.
CREATE FUNCTION "jobledger"."record_result"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
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
$$;

CREATE FUNCTION "jobledger"."guard_result_record"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
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
$$;

-- Both functions count the records of results too.
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
  PERFORM begin_timeline(greatest((SELECT max(transaction_id) FROM job_states),
    (SELECT max(transaction_id) FROM job_result_records), common.transaction_id), common);
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
$$;

CREATE TRIGGER "record_result_insert" AFTER INSERT ON "public"."job_results" FOR EACH ROW
  EXECUTE FUNCTION jobledger.record_result();
CREATE TRIGGER "record_result_update" AFTER UPDATE ON "public"."job_results" FOR EACH ROW
  WHEN (OLD."revision" <> NEW."revision") EXECUTE FUNCTION jobledger.record_result();

CREATE TRIGGER "guard_insert" BEFORE INSERT ON "public"."job_result_records" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_result_record();
CREATE TRIGGER "guard_update" BEFORE UPDATE ON "public"."job_result_records" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_result_record();
CREATE TRIGGER "guard_delete" BEFORE DELETE ON "public"."job_result_records" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_result_record();
CREATE TRIGGER "guard_truncate" BEFORE TRUNCATE ON "public"."job_result_records" FOR EACH STATEMENT
  EXECUTE FUNCTION jobledger.guard_result_record();
CREATE TRIGGER "check_timeline" BEFORE INSERT ON "public"."job_result_records" FOR EACH STATEMENT
  WHEN (current_setting('jobledger.timeline', true) IS DISTINCT FROM 'public.job_states'::regclass::oid::text)
  EXECUTE FUNCTION jobledger.check_timeline();

INSERT INTO "jobledger"."compatible_migrations" ("name") VALUES ('20261128000009_result_records');
