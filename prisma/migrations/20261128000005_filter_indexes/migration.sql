-- Indexes for filters of jobs by the actor of the latest transition, and by the time of the start.
-- Both end with the id, by which lists are paged.

CREATE INDEX "ix_jobs_state_actor" ON "public"."jobs"("state_actor", "id");
-- Partial, which Prisma does not see: PENDING jobs have no start. "ix_jobs_started_at" is smaller,
-- and has only the jobs that may be stuck.
CREATE INDEX "ix_jobs_started_at_any_state" ON "public"."jobs"("started_at", "id") WHERE "started_at" IS NOT NULL;

INSERT INTO "jobledger"."compatible_migrations" ("name") VALUES ('20261128000005_filter_indexes');
