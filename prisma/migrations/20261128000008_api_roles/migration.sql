-- Actors that are proven, and no change without a record.
--
-- A record has the role of the session that wrote it. Only the roles in "api_roles" may name the
-- actor of a change; the actor of every other role is the role itself. metadata, priority and
-- max_attempts of a job never change; run_at changes only with a transition, whose record has both
-- values.

-- The roles of servers. Only the owner may write this table: a server would let others name actors.
CREATE TABLE "jobledger"."api_roles" (
  "name" TEXT NOT NULL,

  CONSTRAINT "pk_api_roles" PRIMARY KEY ("name")
);

-- Those that may create jobs now, or else the owner.
INSERT INTO "jobledger"."api_roles" ("name")
SELECT DISTINCT pg_get_userbyid(granted.grantee)
FROM pg_class CROSS JOIN LATERAL aclexplode(relacl) AS granted
WHERE pg_class.oid = 'public.jobs'::regclass AND granted.privilege_type = 'INSERT' AND granted.grantee NOT IN (0, relowner);
INSERT INTO "jobledger"."api_roles" ("name")
SELECT pg_get_userbyid(relowner) FROM pg_class
WHERE oid = 'public.jobs'::regclass AND NOT EXISTS (SELECT FROM "jobledger"."api_roles");

-- Returns whether the role of the session may name the actor of a change: it is in "api_roles", or
-- a member of such a role. A superuser is a member of every role, so it must be named itself.
CREATE FUNCTION "jobledger"."may_name_actor"() RETURNS boolean
-- Not SQL: a session keeps the plans of plpgsql, and plans SQL for each statement, which is slow.
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM api_roles WHERE name = SESSION_USER) THEN
    RETURN true;
  END IF;
  RETURN EXISTS (
    SELECT FROM api_roles JOIN pg_roles AS api ON api.rolname = api_roles.name JOIN pg_roles AS own ON own.rolname = SESSION_USER
    WHERE NOT own.rolsuper AND pg_has_role(own.oid, api.oid, 'USAGE'));
END
$$;

-- Empty in records that are older than the column: who wrote them is not known.
ALTER TABLE "public"."job_states" ADD COLUMN "database_role" TEXT NOT NULL DEFAULT '';
ALTER TABLE "public"."job_states" ALTER COLUMN "database_role" SET DEFAULT SESSION_USER;
-- The due time of the job, if it is not the one of the record before. The first record has it if it
-- is not the time of creation.
ALTER TABLE "public"."job_states" ADD COLUMN "previous_run_at" TIMESTAMPTZ(3);
ALTER TABLE "public"."job_states" ADD COLUMN "run_at" TIMESTAMPTZ(3);

-- Random values that are hashed with texts and JSON, so that these cannot be guessed from the hash.
-- Null in rows that are older than the column: a default in ADD COLUMN would rewrite the table.
ALTER TABLE "public"."jobs" ADD COLUMN "salt" UUID;
ALTER TABLE "public"."jobs" ALTER COLUMN "salt" SET DEFAULT gen_random_uuid();
ALTER TABLE "public"."job_states" ADD COLUMN "salt" UUID;
ALTER TABLE "public"."job_states" ALTER COLUMN "salt" SET DEFAULT gen_random_uuid();

CREATE OR REPLACE FUNCTION "jobledger"."guard_job_insert"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
DECLARE
  created timestamptz := uuid_time(NEW.id);
BEGIN
  IF NEW.state <> 'PENDING' OR NEW.version <> 1
    OR NEW.started_at IS NOT NULL OR NEW.completed_at IS NOT NULL OR NEW.deleted_at IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'JL006', TABLE = 'jobs',
      MESSAGE = format('A new job must be PENDING, with version 1 and without start, completion and deletion (got %s, version %s).',
        NEW.state, NEW.version);
  END IF;
  IF NEW.attempt <> 0 OR NEW.releases <> 0 OR NEW.lease_expires_at IS NOT NULL OR NEW.cancel_requested_at IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'JL006', TABLE = 'jobs',
      MESSAGE = 'A new job must have no attempts, releases, lease or cancellation request.';
  END IF;
  -- A job from the future would be the first of every list until then.
  IF created > clock_timestamp() + interval '1 minute' THEN
    RAISE EXCEPTION USING ERRCODE = 'JL006', TABLE = 'jobs', COLUMN = 'id',
      MESSAGE = format('The id %s is in the future (%s). Omit it, and the database generates one.', NEW.id, created);
  END IF;
  -- If the id has no time, its CHECK refuses the row.
  NEW.created_at := coalesce(created, NEW.created_at);
  NEW.updated_at := NEW.created_at;
  NEW.run_at := greatest(NEW.run_at, NEW.created_at);
  IF NEW.state_actor <> concat('db:', SESSION_USER) AND NOT may_name_actor() THEN
    NEW.state_actor := concat('db:', SESSION_USER);
  END IF;
  IF NEW.state_actor = concat('db:', SESSION_USER) THEN
    NEW.state_reason := coalesce(NEW.state_reason, 'direct insert');
  END IF;
  RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION "jobledger"."guard_job_immutable"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
BEGIN
  -- As text: 1.10 and 1.1 are equal as JSON, but differ in what they show.
  IF (OLD.id, OLD.user_id, OLD.content, OLD.preset, OLD.metadata::text, OLD.priority, OLD.max_attempts, OLD.created_at,
      OLD.idempotency_key, OLD.request_hash, OLD.salt)
    IS DISTINCT FROM (NEW.id, NEW.user_id, NEW.content, NEW.preset, NEW.metadata::text, NEW.priority, NEW.max_attempts,
      NEW.created_at, NEW.idempotency_key, NEW.request_hash, NEW.salt) THEN
    RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs',
      MESSAGE = format('These columns of job %s never change: id, user_id, content, preset, metadata, priority, max_attempts, created_at, idempotency_key, request_hash, salt.',
        OLD.id);
  END IF;
  RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION "jobledger"."guard_job_update"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
DECLARE
  -- The clock may be set back; the history of a job never goes back.
  instant timestamptz := greatest(current_instant(), OLD.updated_at);
  deleting boolean := OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL;
BEGIN
  IF OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS DISTINCT FROM OLD.deleted_at THEN
    RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs', COLUMN = 'deleted_at',
      MESSAGE = format('Job %s is deleted: deleted_at never changes.', OLD.id);
  END IF;

  NEW.run_at := greatest(NEW.run_at, NEW.created_at);

  IF NEW.state = OLD.state AND NEW.version = OLD.version AND NOT deleting THEN
    IF (OLD.state_reason, OLD.state_actor, OLD.state_metadata, OLD.started_at, OLD.completed_at, OLD.attempt, OLD.releases)
      IS DISTINCT FROM
        (NEW.state_reason, NEW.state_actor, NEW.state_metadata, NEW.started_at, NEW.completed_at, NEW.attempt, NEW.releases) THEN
      RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs',
        MESSAGE = format('state_reason, state_actor, state_metadata, started_at, completed_at, attempt and releases of job %s change only with its state.',
          OLD.id);
    END IF;
    -- A job that waits for another attempt since the clock was ahead may become due earlier
    -- (src/ledger/shortenRetryWaits.ts). The next record has both times.
    IF NEW.run_at <> OLD.run_at AND (OLD.state = 'PENDING' AND OLD.state_actor = 'system:retry'
      AND OLD.updated_at > clock_timestamp() AND NEW.run_at < OLD.run_at) IS NOT TRUE THEN
      RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs', COLUMN = 'run_at',
        MESSAGE = format('run_at of job %s changes only with its state.', OLD.id);
    END IF;
    IF NEW.cancel_requested_at IS DISTINCT FROM OLD.cancel_requested_at THEN
      IF NEW.state <> 'PROCESSING' THEN
        RAISE EXCEPTION USING ERRCODE = 'JL004', TABLE = 'jobs', COLUMN = 'cancel_requested_at',
          MESSAGE = format('Job %s is %s: only a PROCESSING job can be asked to stop.', OLD.id, OLD.state);
      END IF;
      IF NEW.cancel_requested_at IS NULL THEN
        NEW.cancel_requested_by := NULL;
        NEW.cancel_reason := NULL;
      ELSE
        NEW.cancel_requested_at := instant;
        NEW.cancel_requested_by := coalesce(CASE WHEN may_name_actor() THEN NEW.cancel_requested_by END,
          concat('db:', SESSION_USER));
      END IF;
    END IF;
    -- A lease is extended every few seconds: that alone is no update of the job.
    IF NEW.lease_expires_at IS DISTINCT FROM OLD.lease_expires_at
      AND (OLD.run_at, OLD.cancel_requested_at, OLD.cancel_requested_by, OLD.cancel_reason)
        IS NOT DISTINCT FROM (NEW.run_at, NEW.cancel_requested_at, NEW.cancel_requested_by, NEW.cancel_reason) THEN
      NEW.updated_at := OLD.updated_at;
    ELSE
      NEW.updated_at := instant;
    END IF;
    RETURN NEW;
  END IF;

  IF OLD.deleted_at IS NOT NULL OR NOT is_legal_transition(OLD.state, NEW.state, deleting) THEN
    RAISE EXCEPTION USING ERRCODE = 'JL001', TABLE = 'jobs', COLUMN = 'state',
      MESSAGE = format('Job %s cannot go from %s to %s.', OLD.id,
        OLD.state || CASE WHEN OLD.deleted_at IS NULL THEN '' ELSE ' (deleted)' END, NEW.state);
  END IF;

  -- A caller that follows the protocol raises the version by one and sets the actor. If the version
  -- is the same, a person edited the row, and the record says so.
  IF NEW.version = OLD.version THEN
    NEW.version := OLD.version + 1;
    NEW.state_actor := concat('db:', SESSION_USER);
    NEW.state_reason := 'direct update';
    NEW.state_metadata := '{}';
  ELSIF NEW.version <> OLD.version + 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'JL002', TABLE = 'jobs', COLUMN = 'version',
      MESSAGE = format('A transition must raise the version of job %s from %s to %s (got %s).',
        OLD.id, OLD.version, OLD.version + 1, NEW.version);
  -- Depth 2 is the transition that follows from another ("follow_up").
  ELSIF pg_trigger_depth() < 2 AND NOT may_name_actor() THEN
    NEW.state_actor := concat('db:', SESSION_USER);
  END IF;

  NEW.updated_at := instant;
  NEW.started_at := CASE NEW.state WHEN 'PENDING' THEN NULL WHEN 'PROCESSING' THEN instant ELSE OLD.started_at END;
  NEW.completed_at := CASE WHEN NEW.state IN ('PENDING', 'PROCESSING') THEN NULL ELSE coalesce(OLD.completed_at, instant) END;
  NEW.deleted_at := CASE WHEN deleting THEN instant END;

  NEW.attempt := OLD.attempt + CASE WHEN NEW.state = 'PROCESSING' THEN 1 ELSE 0 END;
  -- The caller raises it when a worker released the job, and not when the worker was lost: only a
  -- release is no used attempt.
  NEW.releases := OLD.releases
    + CASE WHEN OLD.state = 'PROCESSING' AND NEW.state = 'PENDING' AND NEW.releases > OLD.releases THEN 1 ELSE 0 END;
  IF NEW.state <> 'PROCESSING' THEN
    NEW.lease_expires_at := NULL;
  END IF;
  -- A request to stop applies to one attempt; the next one begins without it.
  IF NEW.state = 'PROCESSING' OR (OLD.state = 'FAILED' AND NEW.state = 'PENDING') THEN
    NEW.cancel_requested_at := NULL;
    NEW.cancel_requested_by := NULL;
    NEW.cancel_reason := NULL;
  ELSE
    NEW.cancel_requested_at := OLD.cancel_requested_at;
    NEW.cancel_requested_by := OLD.cancel_requested_by;
    NEW.cancel_reason := OLD.cancel_reason;
  END IF;
  RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION "jobledger"."record_transition"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO job_states (job_id, sequence, new_state, reason, state_metadata, actor, "timestamp", run_at, transaction_id)
    VALUES (NEW.id, 1, NEW.state, NEW.state_reason, NEW.state_metadata, NEW.state_actor, NEW.created_at,
      nullif(NEW.run_at, NEW.created_at), 0);
    RETURN NULL;
  END IF;
  -- The transaction id of the record before is the minimum for this one; "guard_insert" raises it.
  INSERT INTO job_states (job_id, sequence, previous_state, new_state, reason, state_metadata, actor, "timestamp",
    previous_state_duration_ms, previous_run_at, run_at, transaction_id)
  SELECT NEW.id, NEW.version, OLD.state, NEW.state, NEW.state_reason, NEW.state_metadata, NEW.state_actor, NEW.updated_at,
    extract(epoch FROM NEW.updated_at - latest."timestamp") * 1000,
    CASE WHEN NEW.run_at <> coalesce(latest.run_at, OLD.run_at) THEN coalesce(latest.run_at, OLD.run_at) END,
    nullif(NEW.run_at, coalesce(latest.run_at, OLD.run_at)), latest.transaction_id
  FROM job_states AS latest
  WHERE latest.job_id = OLD.id AND latest.sequence = OLD.version AND latest.new_state = OLD.state;
  -- The guards were bypassed (session_replication_role, disabled triggers). Another record would
  -- hide the damage.
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'JL003', TABLE = 'job_states',
      MESSAGE = format('The history of job %s does not lead to %s at version %s; it was tampered with.', OLD.id, OLD.state, OLD.version);
  END IF;
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION "jobledger"."guard_record_insert"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
BEGIN
  -- Depth 1 is an INSERT by hand. A foreign trigger has a greater depth; but the record with the
  -- version and the state of the job exists already, so the unique index refuses another one.
  IF pg_trigger_depth() < 2 OR NOT EXISTS (
    SELECT FROM jobs WHERE id = NEW.job_id AND version = NEW.sequence AND state = NEW.new_state) THEN
    RAISE EXCEPTION USING ERRCODE = 'JL003', TABLE = 'job_states',
      MESSAGE = 'Only the database writes records, one for each change of the state of a job.',
      HINT = 'Change the state of the job, and the database writes the record.';
  END IF;
  NEW.database_role := SESSION_USER;
  NEW.transaction_id := greatest(
    NEW.transaction_id, pg_current_xact_id()::text::bigint + (SELECT value FROM transaction_offsets));
  RETURN NEW;
END
$$;

DROP TRIGGER "guard_immutable" ON "public"."jobs";
CREATE TRIGGER "guard_immutable" BEFORE UPDATE OF "id", "user_id", "content", "preset", "metadata", "priority", "max_attempts",
  "created_at", "idempotency_key", "request_hash", "salt"
  ON "public"."jobs" FOR EACH ROW EXECUTE FUNCTION jobledger.guard_job_immutable();
-- Metadata cannot change any more, but "refuse_deep_metadata_update" stays: without it, older
-- servers find that the schema has drifted.

INSERT INTO "jobledger"."compatible_migrations" ("name") VALUES ('20261128000008_api_roles');
