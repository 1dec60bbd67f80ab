-- What followers of the ledger need: an index in the order in which they read, transaction ids that keep that order right, and the
-- place where each follower stands.
--
-- A follower reads the records whose transaction id is below the horizon: the oldest transaction that still runs. The id of a
-- transaction is given when it begins to write, so two things could put it wrong:
-- 1. A transaction that began earlier can change a job later than one that began later (it waited for the row). The record would
--    come before the one that it follows; therefore the transaction id of a record is never less than that of the record before.
--    It stays at or above the id of the transaction that wrote it, so nothing appears below a horizon that was passed.
-- 2. A database that was dumped and restored elsewhere is ruled by another counter. An offset carries the order on.

-- One row: what is added to the counter of the database server.
CREATE TABLE "transaction_offsets" (
  "id" INTEGER NOT NULL DEFAULT 1,
  "value" BIGINT NOT NULL,

  CONSTRAINT "pk_transaction_offsets" PRIMARY KEY ("id"),
  CONSTRAINT "ck_transaction_offsets_one_row" CHECK ("id" = 1)
);
INSERT INTO "transaction_offsets" ("value") VALUES (0);

-- How far each follower that must not lose its place has come: everything up to this record is done.
CREATE TABLE "followers" (
  "name" TEXT NOT NULL,
  "transaction_id" BIGINT NOT NULL,
  "record_id" BIGINT NOT NULL,
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "pk_followers" PRIMARY KEY ("name")
);

CREATE INDEX "ix_job_states_transaction_id" ON "job_states"("transaction_id", "id");

-- Records of before this migration that are in the wrong order.
ALTER TABLE "job_states" DISABLE TRIGGER USER;
UPDATE "job_states" SET "transaction_id" = "ordered"."transaction_id"
FROM (
  SELECT "id", max("transaction_id") OVER (PARTITION BY "job_id" ORDER BY "sequence") AS "transaction_id" FROM "job_states"
) AS "ordered"
WHERE "ordered"."id" = "job_states"."id" AND "ordered"."transaction_id" <> "job_states"."transaction_id";
ALTER TABLE "job_states" ENABLE TRIGGER USER;

-- Records with a lower transaction id are all there: no transaction that could add one still runs. STABLE, so it is the horizon of
-- the statement that asks.
CREATE FUNCTION "jobledger_horizon"() RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp
RETURN pg_snapshot_xmin(pg_current_snapshot())::text::bigint + (SELECT value FROM transaction_offsets);

-- Carries the order of transaction ids on where the counter of the server is behind the records: they came from another server.
-- Tells whether it was needed.
CREATE FUNCTION "jobledger_carry_on"() RETURNS boolean
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
  -- The transaction id of the record before is what that of this one is not less than; the guard of the insert sees to it.
  INSERT INTO job_states (job_id, sequence, previous_state, new_state, reason, state_metadata, actor, "timestamp",
    previous_state_duration_ms, transaction_id)
  SELECT NEW.id, NEW.version, OLD.state, NEW.state, NEW.state_reason, NEW.state_metadata, NEW.state_actor, NEW.updated_at,
    extract(epoch FROM NEW.updated_at - latest."timestamp") * 1000, latest.transaction_id
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
  NEW.transaction_id := greatest(NEW.transaction_id, pg_current_xact_id()::text::bigint + (SELECT value FROM transaction_offsets));
  RETURN NEW;
END
$$;
