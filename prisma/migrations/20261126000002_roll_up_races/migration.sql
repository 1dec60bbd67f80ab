-- What could put the sums of the roll-up wrong for good: a restore on another server, and a purge while somebody makes the row of the
-- follower or adds to the sums by an old snapshot.

-- Carries the order of transaction ids on where the counter of the server is behind the records: they came from another server.
-- Tells whether it was needed.
CREATE OR REPLACE FUNCTION "jobledger_carry_on"() RETURNS boolean
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

-- The purge of a deleted job takes its records along, and what they are in the sums.
CREATE OR REPLACE FUNCTION "jobledger_purge_from_roll_up"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  place followers;
  records bigint[];
BEGIN
  -- Written, not only locked: who has a snapshot of before (REPEATABLE READ) must fail to add what goes here.
  UPDATE followers SET updated_at = updated_at WHERE name = 'rollup' RETURNING * INTO place;
  IF NOT FOUND THEN
    -- Somebody removed it. Who makes it anew may be adding what goes here: waits for that, and begins anew behind it.
    PERFORM jobledger_empty_roll_up();
    RETURN OLD;
  END IF;
  records := ARRAY (
    SELECT id FROM job_states
    WHERE job_id = OLD.id AND (transaction_id, id) <= (place.transaction_id, place.record_id));
  IF cardinality(records) > 0 THEN
    PERFORM jobledger_change_sums(records, -1);
  END IF;
  RETURN OLD;
END
$$;
