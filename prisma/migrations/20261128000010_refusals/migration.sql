-- Refused attempts to change a job, for auditors. Servers insert them after they have answered, and
-- maintenance removes them by age.

CREATE TABLE "jobledger"."refusals" (
  "id" UUID NOT NULL DEFAULT jobledger.uuid_v7(),
  -- No foreign key: a purge may remove the job.
  "job_id" UUID NOT NULL,
  "kind" TEXT NOT NULL,
  "actor" TEXT NOT NULL,
  -- Of the first of the attempts that the row stands for.
  "timestamp" TIMESTAMPTZ(3) NOT NULL,
  "attempted" "public"."job_state",
  "from_state" "public"."job_state",
  "expected_version" INTEGER,
  "actual_version" INTEGER,
  "message" TEXT NOT NULL,
  -- Repeated attempts are counted, not stored (src/ledger/refusals.ts).
  "times" INTEGER NOT NULL DEFAULT 1,

  CONSTRAINT "pk_refusals" PRIMARY KEY ("id"),
  CONSTRAINT "ck_refusals_kind" CHECK ("kind" IN ('ILLEGAL_TRANSITION', 'VERSION_CONFLICT', 'LATE_COMPLETION', 'FORBIDDEN')),
  CONSTRAINT "ck_refusals_times_at_least_1" CHECK ("times" >= 1),
  CONSTRAINT "ck_refusals_timestamp_has_four_digit_year" CHECK (
    "timestamp" >= '0001-01-01 00:00+00' AND "timestamp" <= '9999-12-31 23:59:59.999+00')
);

-- The refusals of a job, by time.
CREATE INDEX "ix_refusals_job_id" ON "jobledger"."refusals"("job_id", "timestamp", "id");
-- Old refusals, for maintenance.
CREATE INDEX "ix_refusals_timestamp" ON "jobledger"."refusals"("timestamp");

INSERT INTO "jobledger"."compatible_migrations" ("name") VALUES ('20261128000010_refusals');
