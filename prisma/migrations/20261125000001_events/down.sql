-- As the migrations before this one have them.
CREATE OR REPLACE FUNCTION "jobledger_record_transition"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO job_states (job_id, sequence, new_state, reason, state_metadata, actor, "timestamp", transaction_id)
    VALUES (NEW.id, 1, NEW.state, NEW.state_reason, NEW.state_metadata, NEW.state_actor, NEW.created_at, 0);
    RETURN NULL;
  END IF;
  INSERT INTO job_states (job_id, sequence, previous_state, new_state, reason, state_metadata, actor, "timestamp",
    previous_state_duration_ms, transaction_id)
  SELECT NEW.id, NEW.version, OLD.state, NEW.state, NEW.state_reason, NEW.state_metadata, NEW.state_actor, NEW.updated_at,
    extract(epoch FROM NEW.updated_at - latest."timestamp") * 1000, 0
  FROM job_states AS latest
  WHERE latest.job_id = OLD.id AND latest.sequence = OLD.version AND latest.new_state = OLD.state;
  -- Somebody went around the guards (session_replication_role, disabled triggers). Building on a damaged history would hide it.
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'JL003', TABLE = 'job_states',
      MESSAGE = format('The history of job %s does not lead to %s at version %s; it was tampered with.', OLD.id, OLD.state, OLD.version);
  END IF;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION "jobledger_guard_record_insert"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  -- Depth 1 is an INSERT by hand. Deeper could still be somebody else's trigger; but a record that agrees with its job in
  -- version and state exists once already, so the unique index refuses a forged one.
  IF pg_trigger_depth() < 2 OR NOT EXISTS (
    SELECT FROM jobs WHERE id = NEW.job_id AND version = NEW.sequence AND state = NEW.new_state) THEN
    RAISE EXCEPTION USING ERRCODE = 'JL003', TABLE = 'job_states',
      MESSAGE = 'Records are written by the database alone, one for each change of a job''s state.',
      HINT = 'Change the state of the job: the record follows.';
  END IF;
  NEW.transaction_id := pg_current_xact_id()::text::bigint;
  RETURN NEW;
END
$$;

DROP FUNCTION "jobledger_carry_on"();
DROP FUNCTION "jobledger_horizon"();
DROP INDEX "ix_job_states_transaction_id";
DROP TABLE "followers";
DROP TABLE "transaction_offsets";
