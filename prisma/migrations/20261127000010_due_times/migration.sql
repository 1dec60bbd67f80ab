-- The wait for another attempt begins now. It began at "updated_at", which is in the future for a job that changed before the clock was
-- set back.

CREATE OR REPLACE FUNCTION "jobledger_follow_up"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  failures integer := NEW.attempt - NEW.releases;
BEGIN
  IF NEW.state = 'FAILED' THEN
    -- Not before "created_at": a job with that as its time would be due at once.
    UPDATE jobs SET state = 'PENDING', version = version + 1, state_actor = 'system:retry', state_metadata = '{}',
      state_reason = format('attempt %s of %s failed', failures, NEW.max_attempts),
      run_at = date_trunc('milliseconds', greatest(jobledger_now(), NEW.created_at) + jobledger_retry_delay(failures))
    WHERE id = NEW.id;
  ELSE
    UPDATE jobs SET state = 'CANCELLED', version = version + 1, state_actor = 'system:cancel', state_metadata = '{}',
      state_reason = concat('asked for by ', NEW.cancel_requested_by, ': ' || NEW.cancel_reason)
    WHERE id = NEW.id;
  END IF;
  RETURN NULL;
END
$$;

INSERT INTO "compatible_migrations" ("name") VALUES ('20261127000010_due_times');
