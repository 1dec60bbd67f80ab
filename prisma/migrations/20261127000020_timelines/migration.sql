-- Timelines: a restore, a promoted standby and a copy of the database each begin a new one, with an epoch that no other timeline has.
--
-- Transaction ids are numbers of one database server. On another server, or on this one set back, the same numbers are given again, for
-- other records. Therefore the ledger remembers the place that it is in: cluster, timeline of its WAL, database and table. Where that
-- differs from where it finds itself, a new timeline begins before the first record or follower's place is written there: its numbers
-- are above all that the old one can have given. Cursors name the epoch, so one of the lost end is refused on the new timeline.
--
-- A session looks once: it remembers in "jobledger.timeline" that it has. Whoever sets that by hand skips the look: their records may be
-- missed by followers that are past them, and by the roll-up until it is rebuilt.

CREATE TABLE "ledger_timelines" (
  "epoch" BIGINT NOT NULL,
  "begins_at" BIGINT NOT NULL,
  "common_transaction_id" BIGINT NOT NULL,
  "common_record_id" BIGINT NOT NULL,
  "place" TEXT,
  "began_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "pk_ledger_timelines" PRIMARY KEY ("epoch")
);

-- The place of the first timeline is set by the first server that starts on it, so that databases can be made from a template.
INSERT INTO "ledger_timelines" ("epoch", "begins_at", "common_transaction_id", "common_record_id")
VALUES (floor(extract(epoch FROM clock_timestamp()) * 1000), 0, 0, 0);

-- Where this database is: system identifier, timeline of the WAL (the control file lags behind a promotion), database, table.
-- Not for standby servers, which write no WAL.
CREATE FUNCTION "jobledger_place"() RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp
AS $$
  SELECT concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
    left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
    (SELECT oid FROM pg_database WHERE datname = current_database()), 'public.job_states'::regclass::oid)
$$;

-- Begins a timeline whose numbers are above "latest" and above all that any transaction can get in the current one.
CREATE FUNCTION "jobledger_begin_timeline"("latest" bigint, "common" followers) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  next bigint := pg_snapshot_xmax(pg_current_snapshot())::text::bigint + (SELECT value FROM transaction_offsets);
  -- 2^40: more transactions than the lost end of a timeline can hold.
  beginning bigint := greatest(latest, next) + 1099511627776;
BEGIN
  INSERT INTO ledger_timelines (epoch, begins_at, common_transaction_id, common_record_id, place)
  SELECT greatest(max(epoch) + 1, floor(date_part('epoch', clock_timestamp()) * 1000)::bigint), beginning,
    coalesce(common.transaction_id, 0), coalesce(common.record_id, 0), jobledger_place()
  FROM ledger_timelines;
  -- From the oldest transaction that runs, not from this one: it may write records yet.
  UPDATE transaction_offsets SET value = beginning - pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
END
$$;

-- Begins a timeline if the database is not in the place that it remembers. Returns whether it was needed.
CREATE FUNCTION "jobledger_leave_place"() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  common followers;
BEGIN
  IF (SELECT place FROM ledger_timelines ORDER BY epoch DESC LIMIT 1) = jobledger_place() IS NOT FALSE THEN
    RETURN false;
  END IF;
  -- One after the other. Nobody has written here yet: whoever does looks first.
  PERFORM FROM transaction_offsets FOR UPDATE;
  IF (SELECT place FROM ledger_timelines ORDER BY epoch DESC LIMIT 1) = jobledger_place() IS NOT FALSE THEN
    RETURN false;
  END IF;
  -- A place of a follower was below the horizon when it was committed: everything up to it is in the old timeline and here.
  SELECT * INTO common FROM followers ORDER BY transaction_id DESC, record_id DESC LIMIT 1;
  PERFORM jobledger_begin_timeline(greatest((SELECT max(transaction_id) FROM job_states), common.transaction_id), common);
  RETURN true;
END
$$;

-- Makes new records come after those that are there, whatever was done to the database: begins a timeline where it is in another place,
-- where records or followers lie ahead of the counter of the server, and where the counter was behind a number that the caller has seen
-- in this epoch. Returns whether it was needed. Fails while a restore is under way:
-- JL008 a ledger that is not complete
DROP FUNCTION "jobledger_carry_on"();
CREATE FUNCTION "jobledger_carry_on"("seen_epoch" bigint DEFAULT NULL, "seen" bigint DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  timeline ledger_timelines;
  latest bigint;
  next bigint;
BEGIN
  IF pg_is_in_recovery() THEN
    RETURN false;
  END IF;
  -- pg_restore creates triggers when the data of their table is there.
  IF (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND (tgrelid, tgname) IN (
    ('jobs'::regclass, 'record_transition'), ('job_states'::regclass, 'notice_timeline'), ('followers'::regclass, 'notice_timeline'))) < 3
    OR NOT EXISTS (SELECT FROM transaction_offsets) OR NOT EXISTS (SELECT FROM ledger_timelines)
  THEN
    RAISE EXCEPTION USING ERRCODE = 'JL008', TABLE = 'ledger_timelines',
      MESSAGE = 'The ledger is not complete: a restore is under way, or its triggers were removed.',
      HINT = 'Wait for the restore to end. If none runs, restore again, into an empty database.';
  END IF;
  PERFORM set_config('jobledger.timeline', 'job_states'::regclass::oid::text, false);
  IF jobledger_leave_place() THEN
    RETURN true;
  END IF;
  FOR attempt IN 1..2 LOOP
    SELECT * INTO timeline FROM ledger_timelines ORDER BY epoch DESC LIMIT 1;
    -- A follower may stand behind the last record: it began at "now", or what it read last has been purged.
    latest := greatest((SELECT max(transaction_id) FROM job_states), (SELECT max(transaction_id) FROM followers), 0);
    next := pg_snapshot_xmax(pg_current_snapshot())::text::bigint + (SELECT value FROM transaction_offsets);
    IF latest < next AND (seen_epoch = timeline.epoch AND seen > next) IS NOT TRUE THEN
      IF timeline.place IS NULL THEN
        UPDATE ledger_timelines SET place = jobledger_place() WHERE epoch = timeline.epoch AND place IS NULL;
      END IF;
      RETURN false;
    END IF;
    -- Nobody writes records meanwhile; another server may have done it just now.
    LOCK TABLE job_states IN SHARE ROW EXCLUSIVE MODE;
  END LOOP;
  PERFORM jobledger_begin_timeline(greatest(latest, seen), NULL);
  -- What was written here before has numbers below the place of the roll-up: neither in the sums nor in the tail.
  IF latest >= next THEN
    PERFORM jobledger_empty_roll_up();
  END IF;
  RETURN true;
END
$$;

CREATE FUNCTION "jobledger_notice_timeline"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  PERFORM set_config('jobledger.timeline', 'job_states'::regclass::oid::text, false);
  PERFORM jobledger_leave_place();
  RETURN NULL;
END
$$;

CREATE TRIGGER "notice_timeline" BEFORE INSERT ON "job_states" FOR EACH STATEMENT
WHEN (current_setting('jobledger.timeline', true) IS DISTINCT FROM 'job_states'::regclass::oid::text)
EXECUTE FUNCTION jobledger_notice_timeline();

CREATE TRIGGER "notice_timeline" BEFORE INSERT OR UPDATE ON "followers" FOR EACH STATEMENT
WHEN (current_setting('jobledger.timeline', true) IS DISTINCT FROM 'job_states'::regclass::oid::text)
EXECUTE FUNCTION jobledger_notice_timeline();

-- Empties the sums and goes back to before the first record. For roles that may not delete sums, too.
CREATE OR REPLACE FUNCTION "jobledger_empty_roll_up"() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  -- The row first: nobody else changes sums meanwhile.
  INSERT INTO followers AS place (name, transaction_id, record_id) VALUES ('rollup', 0, 0)
  ON CONFLICT (name) DO UPDATE SET transaction_id = 0, record_id = 0, updated_at = now();
  -- TRUNCATE would empty them for snapshots that are older than it, too.
  DELETE FROM job_counts;
  DELETE FROM job_statistics;
END
$$;
REVOKE EXECUTE ON FUNCTION "jobledger_empty_roll_up"() FROM PUBLIC;

-- Adds the next records below the horizon to the sums, "most" at most, and moves the place behind them. Resolves to how many there were.
-- Two that call it at once do so one after the other.
CREATE OR REPLACE FUNCTION "jobledger_roll_up"("most" integer) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
DECLARE
  place followers;
  records bigint[];
  last_transaction bigint;
BEGIN
  SELECT * INTO place FROM followers WHERE name = 'rollup' FOR UPDATE;
  -- Somebody removed it, or loaded sums beside it (a restore of the data alone): nobody knows what the sums are of.
  IF NOT FOUND OR place.transaction_id = 0 AND (EXISTS (SELECT FROM job_counts) OR EXISTS (SELECT FROM job_statistics)) THEN
    PERFORM jobledger_empty_roll_up();
    SELECT * INTO place FROM followers WHERE name = 'rollup';
  END IF;
  SELECT array_agg(portion.id), max(portion.transaction_id) INTO records, last_transaction
  FROM (
    SELECT transaction_id, id FROM job_states
    WHERE (transaction_id, id) > (place.transaction_id, place.record_id) AND transaction_id < jobledger_horizon()
    ORDER BY transaction_id, id LIMIT most
  ) AS portion;
  IF records IS NULL THEN
    RETURN 0;
  END IF;
  PERFORM jobledger_change_sums(records, 1);
  UPDATE followers SET transaction_id = last_transaction, record_id = records[cardinality(records)], updated_at = now()
  WHERE name = 'rollup';
  RETURN cardinality(records);
END
$$;

INSERT INTO "compatible_migrations" ("name") VALUES ('20261127000020_timelines');
