DELETE FROM "jobledger"."compatible_migrations" WHERE "name" = '20261128000005_filter_indexes';
DROP INDEX "public"."ix_jobs_started_at_any_state";
DROP INDEX "public"."ix_jobs_state_actor";
