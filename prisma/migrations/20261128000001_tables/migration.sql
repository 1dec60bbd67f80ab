-- Types, tables and indexes. Constraints define valid rows; the next migration guards changes.
--
-- Schema "public" has what people browse. Schema "jobledger" has the functions and what the service
-- keeps for itself. It may exist: `prisma migrate reset` recreates it, and an administrator creates
-- it for an owner who may not create schemas.

DO $$ BEGIN
  IF to_regnamespace('jobledger') IS NULL THEN
    CREATE SCHEMA "jobledger";
  END IF;
END $$;

CREATE TYPE "public"."job_state" AS ENUM ('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED');
CREATE TYPE "public"."job_result_status" AS ENUM ('success', 'error', 'timeout');

-- Returns a new UUID version 7 (RFC 9562, 5.7). The 12 bits after the milliseconds hold the
-- fraction of the millisecond (6.2, method 3), so that ids generated one after another are in
-- order. PostgreSQL has its own function only since version 18.
CREATE FUNCTION "jobledger"."uuid_v7"() RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  micros bigint := floor(extract(epoch FROM clock_timestamp()) * 1000000);
  millis bigint := micros / 1000;
  fraction integer := ((micros % 1000) * 4096) / 1000;
  bytes bytea := uuid_send(gen_random_uuid());
BEGIN
  bytes := overlay(bytes PLACING substring(int8send(millis) FROM 3) FROM 1 FOR 6);
  bytes := set_byte(bytes, 6, 112 + (fraction >> 8));
  bytes := set_byte(bytes, 7, fraction & 255);
  RETURN encode(bytes, 'hex')::uuid;
END
$$;

-- Returns the time in a UUID version 7; null for every other UUID.
CREATE FUNCTION "jobledger"."uuid_time"("id" uuid) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN substr("id"::text, 15, 1) = '7' AND substr("id"::text, 20, 1) IN ('8', '9', 'a', 'b')
  THEN to_timestamp(('x' || substr(replace("id"::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0) END;

-- jobs --------------------------------------------------------------------------------------------

CREATE TABLE "public"."jobs" (
  "id" UUID NOT NULL DEFAULT jobledger.uuid_v7(),
  "user_id" TEXT NOT NULL,
  "content" TEXT NOT NULL,
  "preset" TEXT,
  "state" "public"."job_state" NOT NULL DEFAULT 'PENDING',
  "version" INTEGER NOT NULL DEFAULT 1,
  "state_reason" TEXT,
  "state_actor" TEXT NOT NULL DEFAULT concat('db:', SESSION_USER),
  "state_metadata" JSONB NOT NULL DEFAULT '{}',
  "state_error" TEXT,
  "metadata" JSONB NOT NULL DEFAULT '{}',
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "started_at" TIMESTAMPTZ(3),
  "completed_at" TIMESTAMPTZ(3),
  "deleted_at" TIMESTAMPTZ(3),
  "idempotency_key" TEXT,
  "request_hash" BYTEA,
  "priority" INTEGER NOT NULL DEFAULT 0,
  -- "guard_insert" replaces the default with the time of creation.
  "run_at" TIMESTAMPTZ(3) NOT NULL DEFAULT '-infinity',
  "max_attempts" INTEGER NOT NULL DEFAULT 1,
  "attempt" INTEGER NOT NULL DEFAULT 0,
  "releases" INTEGER NOT NULL DEFAULT 0,
  "lease_expires_at" TIMESTAMPTZ(3),
  "cancel_requested_at" TIMESTAMPTZ(3),
  "cancel_requested_by" TEXT,
  "cancel_reason" TEXT,

  CONSTRAINT "pk_jobs" PRIMARY KEY ("id"),
  CONSTRAINT "ck_jobs_id_is_uuid_v7" CHECK (jobledger.uuid_time("id") IS NOT NULL),
  CONSTRAINT "ck_jobs_created_at_is_in_id" CHECK ("created_at" = jobledger.uuid_time("id")),
  CONSTRAINT "ck_jobs_user_id_not_empty" CHECK ("user_id" <> ''),
  CONSTRAINT "ck_jobs_state_actor_not_empty" CHECK ("state_actor" <> ''),
  CONSTRAINT "ck_jobs_version_positive" CHECK ("version" >= 1),
  CONSTRAINT "ck_jobs_metadata_is_object" CHECK (jsonb_typeof("metadata") = 'object'),
  CONSTRAINT "ck_jobs_state_metadata_is_object" CHECK (jsonb_typeof("state_metadata") = 'object'),
  CONSTRAINT "ck_jobs_state_error_is_of_failure" CHECK ("state_error" IS NULL OR "state" = 'FAILED'),
  CONSTRAINT "ck_jobs_idempotency_complete" CHECK (("idempotency_key" IS NULL) = ("request_hash" IS NULL)),
  CONSTRAINT "ck_jobs_idempotency_key_not_empty" CHECK ("idempotency_key" <> ''),
  CONSTRAINT "ck_jobs_times_fit_state" CHECK (
    CASE "state"
      WHEN 'PENDING' THEN "started_at" IS NULL AND "completed_at" IS NULL
      WHEN 'PROCESSING' THEN "started_at" IS NOT NULL AND "completed_at" IS NULL
      WHEN 'CANCELLED' THEN "completed_at" IS NOT NULL
      ELSE "started_at" IS NOT NULL AND "completed_at" IS NOT NULL
    END),
  CONSTRAINT "ck_jobs_deleted_is_cancelled" CHECK ("deleted_at" IS NULL OR "state" = 'CANCELLED'),
  CONSTRAINT "ck_jobs_times_in_order" CHECK (
    "created_at" <= "updated_at" AND "created_at" <= "started_at" AND "created_at" <= "completed_at"
    AND "started_at" <= "completed_at" AND "completed_at" <= "deleted_at"),
  CONSTRAINT "ck_jobs_run_at_not_before_creation" CHECK ("run_at" >= "created_at"),
  CONSTRAINT "ck_jobs_priority_in_range" CHECK ("priority" BETWEEN -1000 AND 1000),
  CONSTRAINT "ck_jobs_max_attempts_positive" CHECK ("max_attempts" >= 1),
  CONSTRAINT "ck_jobs_attempts_add_up" CHECK ("releases" >= 0 AND "releases" <= "attempt"),
  CONSTRAINT "ck_jobs_lease_is_of_work" CHECK ("lease_expires_at" IS NULL OR "state" = 'PROCESSING'),
  CONSTRAINT "ck_jobs_cancel_request_complete" CHECK (
    ("cancel_requested_at" IS NULL) = ("cancel_requested_by" IS NULL)
    AND ("cancel_requested_at" IS NOT NULL OR "cancel_reason" IS NULL)),
  -- RFC 3339 has no form for other years, nor for infinity. The guards set all other times of jobs,
  -- records and results.
  CONSTRAINT "ck_jobs_instants_have_four_digit_years" CHECK (
    "run_at" <= '9999-12-31 23:59:59.999+00'
    AND "lease_expires_at" >= '0001-01-01 00:00+00' AND "lease_expires_at" <= '9999-12-31 23:59:59.999+00')
);

-- Lists are paged by key, so each order that a client can ask for ends with the id. "state" and
-- "updated_at" are indexed, so no transition is a HOT update: every index costs each transition.
CREATE INDEX "ix_jobs_user_id" ON "public"."jobs"("user_id", "id");
CREATE INDEX "ix_jobs_user_id_state" ON "public"."jobs"("user_id", "state", "id");
CREATE INDEX "ix_jobs_user_id_updated_at" ON "public"."jobs"("user_id", "updated_at", "id");
CREATE INDEX "ix_jobs_state" ON "public"."jobs"("state", "id");
CREATE INDEX "ix_jobs_preset" ON "public"."jobs"("preset", "id");
CREATE INDEX "ix_jobs_updated_at" ON "public"."jobs"("updated_at", "id");
CREATE INDEX "ix_jobs_completed_at" ON "public"."jobs"("completed_at", "id");
CREATE UNIQUE INDEX "ix_jobs_user_id_idempotency_key" ON "public"."jobs"("user_id", "idempotency_key");
-- For jobs.metadata @> ...: "jsonb_path_ops" supports only that operator, at a fraction of the
-- size.
CREATE INDEX "ix_jobs_metadata" ON "public"."jobs" USING GIN ("metadata" jsonb_path_ops);
-- The next indexes are partial, which Prisma does not see. The search for stuck jobs:
CREATE INDEX "ix_jobs_started_at" ON "public"."jobs"("started_at", "id") WHERE "state" = 'PROCESSING';
CREATE INDEX "ix_jobs_lease_expires_at" ON "public"."jobs"("lease_expires_at", "id") WHERE "lease_expires_at" IS NOT NULL;
-- The queue, in the order of claims. The second one is for workers that claim only some presets.
CREATE INDEX "ix_jobs_claim" ON "public"."jobs"("priority" DESC, "run_at", "id") WHERE "state" = 'PENDING';
CREATE INDEX "ix_jobs_claim_preset" ON "public"."jobs"("preset", "priority" DESC, "run_at", "id")
  WHERE "state" = 'PENDING' AND "preset" IS NOT NULL;
-- Jobs that the purge may remove.
CREATE INDEX "ix_jobs_deleted_at" ON "public"."jobs"("deleted_at", "id") WHERE "deleted_at" IS NOT NULL;

-- job_states --------------------------------------------------------------------------------------

CREATE TABLE "public"."job_states" (
  "id" BIGSERIAL NOT NULL,
  "job_id" UUID NOT NULL,
  "sequence" INTEGER NOT NULL,
  "previous_state" "public"."job_state",
  "new_state" "public"."job_state" NOT NULL,
  "reason" TEXT,
  "error" TEXT,
  "state_metadata" JSONB NOT NULL DEFAULT '{}',
  "actor" TEXT NOT NULL,
  "timestamp" TIMESTAMPTZ(3) NOT NULL,
  "previous_state_duration_ms" BIGINT,
  "transaction_id" BIGINT NOT NULL,

  CONSTRAINT "pk_job_states" PRIMARY KEY ("id"),
  CONSTRAINT "fk_job_states_job_id" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE CASCADE ON UPDATE RESTRICT,
  CONSTRAINT "ck_job_states_first_has_no_previous" CHECK (
    CASE WHEN "sequence" = 1 THEN "previous_state" IS NULL AND "previous_state_duration_ms" IS NULL
      ELSE "sequence" > 1 AND "previous_state" IS NOT NULL AND "previous_state_duration_ms" >= 0 END)
);

CREATE UNIQUE INDEX "ix_job_states_job_id" ON "public"."job_states"("job_id", "sequence");
CREATE INDEX "ix_job_states_timestamp" ON "public"."job_states"("timestamp", "id");
CREATE INDEX "ix_job_states_actor" ON "public"."job_states"("actor", "timestamp", "id");
-- The order in which consumers read.
CREATE INDEX "ix_job_states_transaction_id" ON "public"."job_states"("transaction_id", "id");
-- Only states that can be rare: records of the others are never far in the order of time. The
-- planner uses these indexes only where it knows the states when it plans.
CREATE INDEX "ix_job_states_new_state" ON "public"."job_states"("new_state", "timestamp", "id")
  WHERE "new_state" IN ('FAILED', 'CANCELLED');
CREATE INDEX "ix_job_states_previous_state" ON "public"."job_states"("previous_state", "timestamp", "id")
  WHERE "previous_state" IN ('COMPLETED', 'FAILED', 'CANCELLED');

-- job_results and purged_jobs ---------------------------------------------------------------------

CREATE TABLE "public"."job_results" (
  "id" UUID NOT NULL DEFAULT jobledger.uuid_v7(),
  "job_id" UUID NOT NULL,
  "status" "public"."job_result_status" NOT NULL,
  "output" JSONB,
  "error_message" TEXT,
  "processing_time_ms" INTEGER,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "pk_job_results" PRIMARY KEY ("id"),
  CONSTRAINT "fk_job_results_job_id" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE CASCADE ON UPDATE RESTRICT,
  CONSTRAINT "ck_job_results_processing_time_not_negative" CHECK ("processing_time_ms" >= 0)
);

CREATE UNIQUE INDEX "ix_job_results_job_id" ON "public"."job_results"("job_id");

-- What remains of a job that was purged.
CREATE TABLE "public"."purged_jobs" (
  "job_id" UUID NOT NULL,
  "purged_at" TIMESTAMPTZ(3) NOT NULL,
  "purged_by" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "records" INTEGER NOT NULL,

  CONSTRAINT "pk_purged_jobs" PRIMARY KEY ("job_id", "purged_at")
);

-- The service's own tables ------------------------------------------------------------------------

-- The latest record that each durable reader of the ledger has processed.
CREATE TABLE "jobledger"."consumers" (
  "name" TEXT NOT NULL,
  "transaction_id" BIGINT NOT NULL,
  "record_id" BIGINT NOT NULL,
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "pk_consumers" PRIMARY KEY ("name"),
  CONSTRAINT "ck_consumers_instants_have_four_digit_years" CHECK (
    "updated_at" >= '0001-01-01 00:00+00' AND "updated_at" <= '9999-12-31 23:59:59.999+00')
);

-- Records that a sink refused permanently, such as one that is too large for Pub/Sub. Later records
-- are published all the same. There is no foreign key to the record, so that the row outlives a
-- purge of the job.
CREATE TABLE "jobledger"."refused_records" (
  "consumer" TEXT NOT NULL,
  "job_id" UUID NOT NULL,
  "sequence" INTEGER NOT NULL,
  "reason" TEXT NOT NULL,
  "refused_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "pk_refused_records" PRIMARY KEY ("consumer", "job_id", "sequence"),
  CONSTRAINT "fk_refused_records_consumer" FOREIGN KEY ("consumer") REFERENCES "jobledger"."consumers"("name")
    ON DELETE CASCADE ON UPDATE CASCADE
);

-- One row: the number that is added to the transaction ids of the server.
CREATE TABLE "jobledger"."transaction_offsets" (
  "id" INTEGER NOT NULL DEFAULT 1,
  "value" BIGINT NOT NULL,

  CONSTRAINT "pk_transaction_offsets" PRIMARY KEY ("id"),
  CONSTRAINT "ck_transaction_offsets_one_row" CHECK ("id" = 1)
);

INSERT INTO "jobledger"."transaction_offsets" ("value") VALUES (0);

-- The last one is current. See the next migration.
CREATE TABLE "jobledger"."ledger_timelines" (
  "epoch" BIGINT NOT NULL,
  "begins_at" BIGINT NOT NULL,
  "common_transaction_id" BIGINT NOT NULL,
  "common_record_id" BIGINT NOT NULL,
  "location" TEXT,
  "began_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "pk_ledger_timelines" PRIMARY KEY ("epoch")
);

-- The first server that starts sets the location of the first timeline, so that a database can be
-- created from a template.
INSERT INTO "jobledger"."ledger_timelines" ("epoch", "begins_at", "common_transaction_id", "common_record_id")
VALUES (floor(extract(epoch FROM clock_timestamp()) * 1000), 0, 0, 0);

-- When each maintenance task last ran, and where it resumes.
CREATE TABLE "jobledger"."maintenance_tasks" (
  "name" TEXT NOT NULL,
  "last_run_at" TIMESTAMPTZ(3) NOT NULL,
  "position" UUID,

  CONSTRAINT "pk_maintenance_tasks" PRIMARY KEY ("name"),
  CONSTRAINT "ck_maintenance_tasks_instants_have_four_digit_years" CHECK (
    "last_run_at" >= '0001-01-01 00:00+00' AND "last_run_at" <= '9999-12-31 23:59:59.999+00')
);

-- Migrations that a running server of an older version works with. Such a server does not have the
-- file of a newer migration, so the migration itself inserts its name here. A migration is
-- compatible if it only adds things (tables, columns that are nullable or have a default, indexes,
-- functions), or replaces a definition without harm to its callers. An older server refuses to run
-- on any other migration that it does not know.
CREATE TABLE "jobledger"."compatible_migrations" (
  "name" TEXT NOT NULL,

  CONSTRAINT "pk_compatible_migrations" PRIMARY KEY ("name")
);
