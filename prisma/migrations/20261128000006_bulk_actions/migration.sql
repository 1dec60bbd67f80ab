-- Bulk actions: one operation on many jobs, made by the servers in batches. The set of jobs is
-- stored when the action starts, so that it never reaches a job that matches its filter later. A
-- batch changes its jobs, stores their outcomes and advances the position in one statement.

CREATE TABLE "jobledger"."bulk_actions" (
  "id" UUID NOT NULL DEFAULT jobledger.uuid_v7(),
  "action" TEXT NOT NULL,
  "state" TEXT NOT NULL DEFAULT 'RUNNING',
  "actor" TEXT NOT NULL,
  -- The user to whose jobs the actor was limited; null: any user.
  "owner_id" TEXT,
  "reason" TEXT NOT NULL,
  "filter" JSONB NOT NULL,
  "idempotency_key" TEXT,
  "matched" INTEGER NOT NULL,
  "done" INTEGER NOT NULL DEFAULT 0,
  -- Number of refused jobs by outcome. Servers add to it, so it is exact at any time.
  "refusals" JSONB NOT NULL DEFAULT '{}',
  -- The last job that a batch has processed, in the order of the ids. Null: none.
  "position" UUID,
  "error" TEXT,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "finished_at" TIMESTAMPTZ(3),

  CONSTRAINT "pk_bulk_actions" PRIMARY KEY ("id"),
  CONSTRAINT "ck_bulk_actions_action" CHECK ("action" IN ('CANCEL', 'RETRY', 'DELETE')),
  CONSTRAINT "ck_bulk_actions_state" CHECK ("state" IN ('RUNNING', 'COMPLETED', 'ABORTED', 'FAILED')),
  CONSTRAINT "ck_bulk_actions_finished_fits_state" CHECK (("finished_at" IS NULL) = ("state" = 'RUNNING')),
  CONSTRAINT "ck_bulk_actions_error_is_of_failure" CHECK (("error" IS NULL) = ("state" <> 'FAILED')),
  CONSTRAINT "ck_bulk_actions_instants_have_four_digit_years" CHECK (
    "created_at" >= '0001-01-01 00:00+00' AND "created_at" <= '9999-12-31 23:59:59.999+00'
    AND "finished_at" >= '0001-01-01 00:00+00' AND "finished_at" <= '9999-12-31 23:59:59.999+00')
);

-- Keys are unique per actor.
CREATE UNIQUE INDEX "ix_bulk_actions_actor_idempotency_key" ON "jobledger"."bulk_actions"("actor", "idempotency_key");
CREATE INDEX "ix_bulk_actions_owner_id" ON "jobledger"."bulk_actions"("owner_id", "id");
-- Partial, which Prisma does not see: the work to do, by actor.
CREATE INDEX "ix_bulk_actions_running" ON "jobledger"."bulk_actions"("actor", "id") WHERE "state" = 'RUNNING';

-- The jobs of each action. No foreign key to the job: a purge may remove it meanwhile.
CREATE TABLE "jobledger"."bulk_action_jobs" (
  "action_id" UUID NOT NULL,
  "job_id" UUID NOT NULL,
  -- The version of the job when the action started.
  "version" INTEGER NOT NULL,
  -- Null: not processed. DONE, or why it was refused (src/ledger/bulkActions.ts).
  "outcome" TEXT,

  CONSTRAINT "pk_bulk_action_jobs" PRIMARY KEY ("action_id", "job_id"),
  CONSTRAINT "fk_bulk_action_jobs_action_id" FOREIGN KEY ("action_id") REFERENCES "jobledger"."bulk_actions"("id")
    ON DELETE CASCADE ON UPDATE CASCADE
);

-- Partial, which Prisma does not see: samples of refused jobs.
CREATE INDEX "ix_bulk_action_jobs_refused" ON "jobledger"."bulk_action_jobs"("action_id", "outcome", "job_id")
  WHERE "outcome" <> 'DONE';

INSERT INTO "jobledger"."compatible_migrations" ("name") VALUES ('20261128000006_bulk_actions');
