-- What operators see of the services: what each maintenance task has changed, when it runs next,
-- and the last error of each task and of each consumer.

ALTER TABLE "jobledger"."maintenance_tasks"
  -- When the service that ran the task last plans to run it again. Null: a command ran it.
  ADD COLUMN "next_run_at" TIMESTAMPTZ(3),
  -- When a run last changed jobs, and the number of these jobs by what was done to them.
  ADD COLUMN "last_change_at" TIMESTAMPTZ(3),
  ADD COLUMN "last_change" JSONB,
  -- When a run last failed. Equal to "last_run_at" if that was the last run.
  ADD COLUMN "last_error_at" TIMESTAMPTZ(3),
  ADD COLUMN "last_error" TEXT,
  ADD CONSTRAINT "ck_maintenance_tasks_run_instants_have_four_digit_years" CHECK (
    "next_run_at" >= '0001-01-01 00:00+00' AND "next_run_at" <= '9999-12-31 23:59:59.999+00'
    AND "last_change_at" >= '0001-01-01 00:00+00' AND "last_change_at" <= '9999-12-31 23:59:59.999+00'
    AND "last_error_at" >= '0001-01-01 00:00+00' AND "last_error_at" <= '9999-12-31 23:59:59.999+00');

ALTER TABLE "jobledger"."consumers"
  -- Since when each attempt to read or to process records has failed. Null: the last one succeeded.
  ADD COLUMN "failing_since" TIMESTAMPTZ(3),
  ADD COLUMN "last_error_at" TIMESTAMPTZ(3),
  ADD COLUMN "last_error" TEXT,
  ADD CONSTRAINT "ck_consumers_failure_instants_have_four_digit_years" CHECK (
    "failing_since" >= '0001-01-01 00:00+00' AND "failing_since" <= '9999-12-31 23:59:59.999+00'
    AND "last_error_at" >= '0001-01-01 00:00+00' AND "last_error_at" <= '9999-12-31 23:59:59.999+00');

INSERT INTO "jobledger"."compatible_migrations" ("name") VALUES ('20261128000007_maintenance_runs');
