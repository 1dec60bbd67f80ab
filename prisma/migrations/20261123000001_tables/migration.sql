-- The three tables. What they may hold at any moment is said here by constraints; what may happen to them, by the guards
-- of the next migration.

CREATE TYPE "job_state" AS ENUM ('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED');
CREATE TYPE "job_result_status" AS ENUM ('success', 'error', 'timeout');

-- A UUID version 7 (RFC 9562, 5.7) by the clock of the database. The 12 bits behind the milliseconds hold the fraction of the
-- millisecond (6.2, method 3), so that ids made one after the other are in order. PostgreSQL has its own only since 18.
CREATE FUNCTION "jobledger_uuid_v7"() RETURNS uuid
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

-- The instant in a UUID version 7; null for every other UUID.
CREATE FUNCTION "jobledger_uuid_time"("id" uuid) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN substr("id"::text, 15, 1) = '7' AND substr("id"::text, 20, 1) IN ('8', '9', 'a', 'b')
  THEN to_timestamp(('x' || substr(replace("id"::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0) END;

CREATE TABLE "jobs" (
  "id" UUID NOT NULL DEFAULT jobledger_uuid_v7(),
  "user_id" TEXT NOT NULL,
  "content" TEXT NOT NULL,
  "preset" TEXT,
  "state" "job_state" NOT NULL DEFAULT 'PENDING',
  "version" INTEGER NOT NULL DEFAULT 1,
  "state_reason" TEXT,
  "state_actor" TEXT NOT NULL DEFAULT concat('db:', SESSION_USER),
  "state_metadata" JSONB NOT NULL DEFAULT '{}',
  "metadata" JSONB NOT NULL DEFAULT '{}',
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "started_at" TIMESTAMPTZ(3),
  "completed_at" TIMESTAMPTZ(3),
  "deleted_at" TIMESTAMPTZ(3),
  "idempotency_key" TEXT,
  "request_hash" BYTEA,

  CONSTRAINT "pk_jobs" PRIMARY KEY ("id"),
  CONSTRAINT "ck_jobs_id_is_uuid_v7" CHECK (jobledger_uuid_time("id") IS NOT NULL),
  CONSTRAINT "ck_jobs_created_at_is_in_id" CHECK ("created_at" = jobledger_uuid_time("id")),
  CONSTRAINT "ck_jobs_user_id_not_empty" CHECK ("user_id" <> ''),
  CONSTRAINT "ck_jobs_state_actor_not_empty" CHECK ("state_actor" <> ''),
  CONSTRAINT "ck_jobs_version_positive" CHECK ("version" >= 1),
  CONSTRAINT "ck_jobs_metadata_is_object" CHECK (jsonb_typeof("metadata") = 'object'),
  CONSTRAINT "ck_jobs_state_metadata_is_object" CHECK (jsonb_typeof("state_metadata") = 'object'),
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
    AND "started_at" <= "completed_at" AND "completed_at" <= "deleted_at")
);

CREATE TABLE "job_states" (
  "id" BIGSERIAL NOT NULL,
  "job_id" UUID NOT NULL,
  "sequence" INTEGER NOT NULL,
  "previous_state" "job_state",
  "new_state" "job_state" NOT NULL,
  "reason" TEXT,
  "state_metadata" JSONB NOT NULL DEFAULT '{}',
  "actor" TEXT NOT NULL,
  "timestamp" TIMESTAMPTZ(3) NOT NULL,
  "previous_state_duration_ms" BIGINT,
  "transaction_id" BIGINT NOT NULL,

  CONSTRAINT "pk_job_states" PRIMARY KEY ("id"),
  CONSTRAINT "ck_job_states_first_has_no_previous" CHECK (
    CASE WHEN "sequence" = 1 THEN "previous_state" IS NULL AND "previous_state_duration_ms" IS NULL
      ELSE "sequence" > 1 AND "previous_state" IS NOT NULL AND "previous_state_duration_ms" >= 0 END)
);

CREATE TABLE "job_results" (
  "id" UUID NOT NULL DEFAULT jobledger_uuid_v7(),
  "job_id" UUID NOT NULL,
  "status" "job_result_status" NOT NULL,
  "output" JSONB,
  "error_message" TEXT,
  "processing_time_ms" INTEGER,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "pk_job_results" PRIMARY KEY ("id"),
  CONSTRAINT "ck_job_results_processing_time_not_negative" CHECK ("processing_time_ms" >= 0)
);

ALTER TABLE "job_states" ADD CONSTRAINT "fk_job_states_job_id"
  FOREIGN KEY ("job_id") REFERENCES "jobs"("id") ON DELETE CASCADE ON UPDATE RESTRICT;
ALTER TABLE "job_results" ADD CONSTRAINT "fk_job_results_job_id"
  FOREIGN KEY ("job_id") REFERENCES "jobs"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- Every list is paged by key, so every order that a client may ask for ends in the id.
CREATE INDEX "ix_jobs_user_id" ON "jobs"("user_id", "id");
CREATE INDEX "ix_jobs_state" ON "jobs"("state", "id");
CREATE INDEX "ix_jobs_updated_at" ON "jobs"("updated_at", "id");
CREATE INDEX "ix_jobs_completed_at" ON "jobs"("completed_at", "id");
-- Partial, and therefore invisible to Prisma: only jobs that are being worked on, for the search for stuck ones.
CREATE INDEX "ix_jobs_started_at" ON "jobs"("started_at", "id") WHERE "state" = 'PROCESSING';
CREATE UNIQUE INDEX "ix_jobs_user_id_idempotency_key" ON "jobs"("user_id", "idempotency_key");
CREATE UNIQUE INDEX "ix_job_states_job_id" ON "job_states"("job_id", "sequence");
CREATE INDEX "ix_job_states_timestamp" ON "job_states"("timestamp", "id");
CREATE UNIQUE INDEX "ix_job_results_job_id" ON "job_results"("job_id");

-- Prisma asks whether JSON contains JSON (@>) of arrays alone. Not a copy: PostgreSQL reads through it to the table.
CREATE VIEW "job_metadata_lists" AS SELECT "id" AS "job_id", '[]'::jsonb || "metadata" AS "elements" FROM "jobs";
