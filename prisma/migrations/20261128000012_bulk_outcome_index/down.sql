DELETE FROM "jobledger"."compatible_migrations" WHERE "name" = '20261128000012_bulk_outcome_index';

DROP INDEX "jobledger"."ix_bulk_action_jobs_outcome";
