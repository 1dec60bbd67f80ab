-- Filters that had no index. Each of these is paid for by every transition: none is HOT, for "state" and "updated_at" are in indexes too.
-- On large tables they may be created CONCURRENTLY beforehand, by these names and definitions.

-- Filters by preset: one of few jobs, or of none, made PostgreSQL read the table.
CREATE INDEX IF NOT EXISTS "ix_jobs_preset" ON "jobs"("preset", "id");

-- What one user has in one state. Jobs of a user alone are found by "ix_jobs_user_id", in the order of their creation.
CREATE INDEX IF NOT EXISTS "ix_jobs_user_id_state" ON "jobs"("user_id", "state", "id");

-- The jobs of one user in the order of their latest change, and with them the latest records of one user.
CREATE INDEX IF NOT EXISTS "ix_jobs_user_id_updated_at" ON "jobs"("user_id", "updated_at", "id");

-- jobs.metadata @> ...; "jsonb_path_ops" knows that operator alone, and is a fraction of the size.
CREATE INDEX IF NOT EXISTS "ix_jobs_metadata" ON "jobs" USING GIN ("metadata" jsonb_path_ops);

-- What somebody did, newest first.
CREATE INDEX IF NOT EXISTS "ix_job_states_actor" ON "job_states"("actor", "timestamp", "id");

-- Records of states that may be rare. Partial, and therefore invisible to Prisma: records of the other states are never far in the order of
-- time. Found by plans that know the states, not by plans for any.
CREATE INDEX IF NOT EXISTS "ix_job_states_new_state" ON "job_states"("new_state", "timestamp", "id")
  WHERE "new_state" IN ('FAILED', 'CANCELLED');
CREATE INDEX IF NOT EXISTS "ix_job_states_previous_state" ON "job_states"("previous_state", "timestamp", "id")
  WHERE "previous_state" IN ('COMPLETED', 'FAILED', 'CANCELLED');
