DELETE FROM "jobledger"."compatible_migrations" WHERE "name" = '20261128000007_maintenance_runs';

ALTER TABLE "jobledger"."consumers"
  DROP CONSTRAINT "ck_consumers_failure_instants_have_four_digit_years",
  DROP COLUMN "failing_since",
  DROP COLUMN "last_error_at",
  DROP COLUMN "last_error";

ALTER TABLE "jobledger"."maintenance_tasks"
  DROP CONSTRAINT "ck_maintenance_tasks_run_instants_have_four_digit_years",
  DROP COLUMN "next_run_at",
  DROP COLUMN "last_change_at",
  DROP COLUMN "last_change",
  DROP COLUMN "last_error_at",
  DROP COLUMN "last_error";
