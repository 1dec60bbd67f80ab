-- A page of the jobs of a bulk action with one outcome, in the order of the list. Without it, a
-- page of rare outcomes reads all jobs of the action. The expression is that of
-- src/ledger/bulkOutcomes.ts, and Prisma does not see it.
CREATE INDEX "ix_bulk_action_jobs_outcome" ON "jobledger"."bulk_action_jobs"("action_id", (
  CASE WHEN "outcome" IS NULL THEN 'NOT_PROCESSED' WHEN "outcome" = 'DONE' THEN 'DONE' ELSE 'REFUSED' END
), "job_id");

INSERT INTO "jobledger"."compatible_migrations" ("name") VALUES ('20261128000012_bulk_outcome_index');
