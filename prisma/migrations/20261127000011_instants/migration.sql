-- Instants outside the years 1 to 9999, and infinity, have no form in RFC 3339: one of them made every page with its row an error. Those
-- that are there are moved to the nearest instant that has one.

ALTER TABLE "jobs" DISABLE TRIGGER USER;
UPDATE "jobs" SET
  "run_at" = least("run_at", '9999-12-31 23:59:59.999+00'),
  "lease_expires_at" = least(greatest("lease_expires_at", '0001-01-01 00:00+00'), '9999-12-31 23:59:59.999+00')
WHERE "run_at" > '9999-12-31 23:59:59.999+00' OR "lease_expires_at" < '0001-01-01 00:00+00' OR "lease_expires_at" > '9999-12-31 23:59:59.999+00';
ALTER TABLE "jobs" ENABLE TRIGGER USER;

ALTER TABLE "api_keys" DISABLE TRIGGER USER;
UPDATE "api_keys" SET
  "created_at" = least(greatest("created_at", '0001-01-01 00:00+00'), '9999-12-31 23:59:59.999+00'),
  "expires_at" = least(greatest("expires_at", '0001-01-01 00:00+00'), '9999-12-31 23:59:59.999+00'),
  "last_used_at" = least(greatest("last_used_at", '0001-01-01 00:00+00'), '9999-12-31 23:59:59.999+00'),
  "revoked_at" = least(greatest("revoked_at", '0001-01-01 00:00+00'), '9999-12-31 23:59:59.999+00');
ALTER TABLE "api_keys" ENABLE TRIGGER USER;

UPDATE "followers" SET "updated_at" = now() WHERE NOT "updated_at" BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 23:59:59.999+00';
UPDATE "maintenance_tasks" SET "last_run_at" = now()
WHERE NOT "last_run_at" BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 23:59:59.999+00';

-- The guards set all other instants of jobs, records and results.
ALTER TABLE "jobs" ADD CONSTRAINT "ck_jobs_instants_have_four_digit_years" CHECK (
  "run_at" <= '9999-12-31 23:59:59.999+00'
  AND "lease_expires_at" >= '0001-01-01 00:00+00' AND "lease_expires_at" <= '9999-12-31 23:59:59.999+00');
ALTER TABLE "api_keys" ADD CONSTRAINT "ck_api_keys_instants_have_four_digit_years" CHECK (
  "created_at" >= '0001-01-01 00:00+00' AND "created_at" <= '9999-12-31 23:59:59.999+00'
  AND "expires_at" >= '0001-01-01 00:00+00' AND "expires_at" <= '9999-12-31 23:59:59.999+00'
  AND "last_used_at" >= '0001-01-01 00:00+00' AND "last_used_at" <= '9999-12-31 23:59:59.999+00'
  AND "revoked_at" >= '0001-01-01 00:00+00' AND "revoked_at" <= '9999-12-31 23:59:59.999+00');
ALTER TABLE "followers" ADD CONSTRAINT "ck_followers_instants_have_four_digit_years" CHECK (
  "updated_at" >= '0001-01-01 00:00+00' AND "updated_at" <= '9999-12-31 23:59:59.999+00');
ALTER TABLE "maintenance_tasks" ADD CONSTRAINT "ck_maintenance_tasks_instants_have_four_digit_years" CHECK (
  "last_run_at" >= '0001-01-01 00:00+00' AND "last_run_at" <= '9999-12-31 23:59:59.999+00');

INSERT INTO "compatible_migrations" ("name") VALUES ('20261127000011_instants');
