-- The guards: no path to the tables, be it the API, Prisma Studio or psql, can change a state without a record, make an
-- illegal transition or rewrite a record. Refusals have SQLSTATEs of their own (src/database/faults.ts names them too):
--   JL001 illegal transition   JL002 version neither kept nor raised by one   JL003 the history is append-only
--   JL004 a value that nobody may change   JL005 a job or a result that may not be removed   JL006 a job that does not begin as a new job
--
-- Every function fixes its search_path: otherwise a session could put a table of its own in place of "job_states".

-- Times are kept in milliseconds, and never rounded into the future.
CREATE FUNCTION "jobledger_now"() RETURNS timestamptz
LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN date_trunc('milliseconds', clock_timestamp());

-- The state machine. src/ledger/states.ts holds the same table; a test compares the two.
CREATE FUNCTION "jobledger_is_legal_transition"("previous" "job_state", "next" "job_state", "deleting" boolean) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN "deleting" THEN "next" = 'CANCELLED'
  WHEN "previous" = 'PENDING' THEN "next" IN ('PROCESSING', 'CANCELLED')
  WHEN "previous" = 'PROCESSING' THEN "next" IN ('COMPLETED', 'FAILED', 'CANCELLED', 'PENDING')
  WHEN "previous" = 'FAILED' THEN "next" = 'PENDING'
  ELSE false
END;

-- jobs ------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION "jobledger_guard_job_insert"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  created timestamptz := jobledger_uuid_time(NEW.id);
BEGIN
  IF NEW.state <> 'PENDING' OR NEW.version <> 1
    OR NEW.started_at IS NOT NULL OR NEW.completed_at IS NOT NULL OR NEW.deleted_at IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'JL006', TABLE = 'jobs',
      MESSAGE = format('A job begins as PENDING with version 1 and without times; this one came as %s with version %s.', NEW.state, NEW.version);
  END IF;
  -- A job from the future would stand before all others in every list until its time has come.
  IF created > clock_timestamp() + interval '1 minute' THEN
    RAISE EXCEPTION USING ERRCODE = 'JL006', TABLE = 'jobs', COLUMN = 'id',
      MESSAGE = format('The id %s lies in the future (%s); leave it out and the database makes one.', NEW.id, created);
  END IF;
  -- Without a time in the id the CHECK on it refuses the row.
  NEW.created_at := coalesce(created, NEW.created_at);
  NEW.updated_at := NEW.created_at;
  IF NEW.state_actor = concat('db:', SESSION_USER) THEN
    NEW.state_reason := coalesce(NEW.state_reason, 'direct insert');
  END IF;
  RETURN NEW;
END
$$;

-- In a trigger of its own, bound to these columns, because comparing them in each update would read a megabyte of content.
CREATE FUNCTION "jobledger_guard_job_identity"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF (OLD.id, OLD.user_id, OLD.content, OLD.preset, OLD.created_at, OLD.idempotency_key, OLD.request_hash)
    IS DISTINCT FROM (NEW.id, NEW.user_id, NEW.content, NEW.preset, NEW.created_at, NEW.idempotency_key, NEW.request_hash) THEN
    RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs',
      MESSAGE = format('What job %s is never changes: id, user_id, content, preset, created_at, idempotency_key, request_hash.', OLD.id);
  END IF;
  RETURN NEW;
END
$$;

CREATE FUNCTION "jobledger_guard_job_update"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  -- The clock may be set back; the history of a job never runs backwards.
  instant timestamptz := greatest(jobledger_now(), OLD.updated_at);
  deleting boolean := OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL;
BEGIN
  IF OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS DISTINCT FROM OLD.deleted_at THEN
    RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs', COLUMN = 'deleted_at',
      MESSAGE = format('Job %s is deleted; that can be neither undone nor redated.', OLD.id);
  END IF;

  IF NEW.state = OLD.state AND NEW.version = OLD.version AND NOT deleting THEN
    IF (OLD.state_reason, OLD.state_actor, OLD.state_metadata, OLD.started_at, OLD.completed_at)
      IS DISTINCT FROM (NEW.state_reason, NEW.state_actor, NEW.state_metadata, NEW.started_at, NEW.completed_at) THEN
      RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs',
        MESSAGE = format('state_reason, state_actor, state_metadata, started_at and completed_at of job %s change with its state only.', OLD.id);
    END IF;
    NEW.updated_at := instant;
    RETURN NEW;
  END IF;

  IF OLD.deleted_at IS NOT NULL OR NOT jobledger_is_legal_transition(OLD.state, NEW.state, deleting) THEN
    RAISE EXCEPTION USING ERRCODE = 'JL001', TABLE = 'jobs', COLUMN = 'state',
      MESSAGE = format('Job %s cannot go from %s to %s.', OLD.id,
        OLD.state || CASE WHEN OLD.deleted_at IS NULL THEN '' ELSE ' (deleted)' END, NEW.state);
  END IF;

  -- Raised by one: a caller that speaks the protocol and says who it is. Kept: somebody edited the row, and the record says so.
  IF NEW.version = OLD.version THEN
    NEW.version := OLD.version + 1;
    NEW.state_actor := concat('db:', SESSION_USER);
    NEW.state_reason := 'direct update';
    NEW.state_metadata := '{}';
  ELSIF NEW.version <> OLD.version + 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'JL002', TABLE = 'jobs', COLUMN = 'version',
      MESSAGE = format('Job %s has version %s; a transition makes it %s, not %s.', OLD.id, OLD.version, OLD.version + 1, NEW.version);
  END IF;

  NEW.updated_at := instant;
  NEW.started_at := CASE NEW.state WHEN 'PENDING' THEN NULL WHEN 'PROCESSING' THEN instant ELSE OLD.started_at END;
  NEW.completed_at := CASE WHEN NEW.state IN ('PENDING', 'PROCESSING') THEN NULL ELSE coalesce(OLD.completed_at, instant) END;
  NEW.deleted_at := CASE WHEN deleting THEN instant END;
  RETURN NEW;
END
$$;

CREATE FUNCTION "jobledger_guard_job_removal"() RETURNS trigger
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

-- One record for each change of state, in the same commit.
CREATE FUNCTION "jobledger_record_transition"() RETURNS trigger
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

CREATE TRIGGER "guard_insert" BEFORE INSERT ON "jobs" FOR EACH ROW EXECUTE FUNCTION jobledger_guard_job_insert();
CREATE TRIGGER "guard_identity" BEFORE UPDATE OF "id", "user_id", "content", "preset", "created_at", "idempotency_key", "request_hash"
  ON "jobs" FOR EACH ROW EXECUTE FUNCTION jobledger_guard_job_identity();
CREATE TRIGGER "guard_update" BEFORE UPDATE ON "jobs" FOR EACH ROW EXECUTE FUNCTION jobledger_guard_job_update();
CREATE TRIGGER "guard_delete" BEFORE DELETE ON "jobs" FOR EACH ROW EXECUTE FUNCTION jobledger_guard_job_removal();
CREATE TRIGGER "guard_truncate" BEFORE TRUNCATE ON "jobs" FOR EACH STATEMENT EXECUTE FUNCTION jobledger_guard_job_removal();
CREATE TRIGGER "record_creation" AFTER INSERT ON "jobs" FOR EACH ROW EXECUTE FUNCTION jobledger_record_transition();
CREATE TRIGGER "record_transition" AFTER UPDATE ON "jobs" FOR EACH ROW WHEN (OLD."version" <> NEW."version")
  EXECUTE FUNCTION jobledger_record_transition();

-- job_states ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION "jobledger_guard_record_insert"() RETURNS trigger
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

CREATE FUNCTION "jobledger_guard_record_change"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  -- The purge of a deleted job takes its history along: by then the job itself is gone.
  IF TG_OP = 'DELETE' THEN
    IF NOT EXISTS (SELECT FROM jobs WHERE id = OLD.job_id) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'JL003', TABLE = 'job_states',
    MESSAGE = format('The history is append-only: %s of job_states is refused.', TG_OP);
END
$$;

CREATE TRIGGER "guard_insert" BEFORE INSERT ON "job_states" FOR EACH ROW EXECUTE FUNCTION jobledger_guard_record_insert();
CREATE TRIGGER "guard_update" BEFORE UPDATE ON "job_states" FOR EACH ROW EXECUTE FUNCTION jobledger_guard_record_change();
CREATE TRIGGER "guard_delete" BEFORE DELETE ON "job_states" FOR EACH ROW EXECUTE FUNCTION jobledger_guard_record_change();
CREATE TRIGGER "guard_truncate" BEFORE TRUNCATE ON "job_states" FOR EACH STATEMENT EXECUTE FUNCTION jobledger_guard_record_change();

-- job_results -----------------------------------------------------------------------------------------------------------

CREATE FUNCTION "jobledger_guard_result"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.created_at := jobledger_now();
    NEW.updated_at := NEW.created_at;
    RETURN NEW;
  END IF;
  IF (OLD.id, OLD.job_id, OLD.created_at) IS DISTINCT FROM (NEW.id, NEW.job_id, NEW.created_at) THEN
    RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'job_results',
      MESSAGE = format('id, job_id and created_at of the result of job %s never change.', OLD.job_id);
  END IF;
  NEW.updated_at := greatest(jobledger_now(), OLD.updated_at);
  RETURN NEW;
END
$$;

CREATE FUNCTION "jobledger_guard_result_removal"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF NOT EXISTS (SELECT FROM jobs WHERE id = OLD.job_id) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'JL005', TABLE = 'job_results',
    MESSAGE = format('A result goes with its job and not without it: %s of job_results is refused.', TG_OP);
END
$$;

CREATE TRIGGER "guard_result" BEFORE INSERT OR UPDATE ON "job_results" FOR EACH ROW EXECUTE FUNCTION jobledger_guard_result();
CREATE TRIGGER "guard_delete" BEFORE DELETE ON "job_results" FOR EACH ROW EXECUTE FUNCTION jobledger_guard_result_removal();
CREATE TRIGGER "guard_truncate" BEFORE TRUNCATE ON "job_results" FOR EACH STATEMENT EXECUTE FUNCTION jobledger_guard_result_removal();
