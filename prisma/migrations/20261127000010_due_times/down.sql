CREATE OR REPLACE FUNCTION "jobledger_follow_up"() RETURNS trigger
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
