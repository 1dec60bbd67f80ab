CREATE OR REPLACE FUNCTION "jobledger_purge_from_roll_up"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  place followers;
  records bigint[];
BEGIN
  SELECT * INTO place FROM followers WHERE name = 'rollup' FOR UPDATE;
  records := ARRAY (
    SELECT id FROM job_states
    WHERE job_id = OLD.id AND (transaction_id, id) <= (place.transaction_id, place.record_id));
  IF cardinality(records) > 0 THEN
    PERFORM jobledger_change_sums(records, -1);
  END IF;
  RETURN OLD;
END
$$;

CREATE OR REPLACE FUNCTION "jobledger_carry_on"() RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  latest bigint;
BEGIN
  latest := (SELECT max(transaction_id) FROM job_states);
  IF latest IS NULL OR latest < pg_snapshot_xmax(pg_current_snapshot())::text::bigint + (SELECT value FROM transaction_offsets) THEN
    RETURN false;
  END IF;
  -- Nobody writes records meanwhile; another server may have done it just now.
  LOCK TABLE job_states IN SHARE ROW EXCLUSIVE MODE;
  latest := (SELECT max(transaction_id) FROM job_states);
  UPDATE transaction_offsets SET value = latest + 1 - pg_current_xact_id()::text::bigint
    WHERE pg_current_xact_id()::text::bigint + value <= latest;
  RETURN FOUND;
END
$$;
