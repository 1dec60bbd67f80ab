-- The numbers that records have stay, and with them the offset.
DROP TRIGGER "notice_timeline" ON "followers";
DROP TRIGGER "notice_timeline" ON "job_states";
DROP FUNCTION "jobledger_notice_timeline"();
DROP FUNCTION "jobledger_carry_on"(bigint, bigint);
DROP FUNCTION "jobledger_leave_place"();
DROP FUNCTION "jobledger_begin_timeline"(bigint, followers);
DROP FUNCTION "jobledger_place"();
DROP TABLE "ledger_timelines";

CREATE FUNCTION "jobledger_carry_on"() RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  latest bigint;
BEGIN
  -- A follower may stand behind the last record: it began at "now", or what it read last has been purged.
  latest := greatest((SELECT max(transaction_id) FROM job_states), (SELECT max(transaction_id) FROM followers));
  IF latest IS NULL OR latest < pg_snapshot_xmax(pg_current_snapshot())::text::bigint + (SELECT value FROM transaction_offsets) THEN
    RETURN false;
  END IF;
  -- Nobody writes records meanwhile; another server may have done it just now.
  LOCK TABLE job_states IN SHARE ROW EXCLUSIVE MODE;
  latest := greatest((SELECT max(transaction_id) FROM job_states), (SELECT max(transaction_id) FROM followers));
  -- From the oldest transaction that runs, not from this one: it may write records yet.
  UPDATE transaction_offsets SET value = latest + 1 - pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    WHERE pg_current_xact_id()::text::bigint + value <= latest;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  -- What was written here before has numbers below the place of the roll-up: neither in the sums nor in the tail.
  PERFORM jobledger_empty_roll_up();
  RETURN true;
END
$$;

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
  IF NOT FOUND THEN
    -- Somebody removed it: nobody knows any more what the sums are of.
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

DROP FUNCTION "jobledger_empty_roll_up"();
CREATE FUNCTION "jobledger_empty_roll_up"() RETURNS void
LANGUAGE plpgsql
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
