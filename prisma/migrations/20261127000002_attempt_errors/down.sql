DROP TRIGGER "record_error" ON "job_states";
DROP FUNCTION "jobledger_record_error"();
DROP TRIGGER "guard_update_error" ON "jobs";
DROP FUNCTION "jobledger_guard_job_error"();

-- As the migration before this one has it.
CREATE OR REPLACE FUNCTION "jobledger_make_transitions"("items" json, "actor" text)
RETURNS TABLE ("ordinal" integer, "applied" boolean, "job" "jobs")
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  item record;
BEGIN
  -- All callers lock in one order, whatever the order of their items: two batches can wait for each other, never deadlock.
  PERFORM FROM jobs WHERE id IN (SELECT (element ->> 'jobId')::uuid FROM json_array_elements(items) AS element)
    ORDER BY id FOR NO KEY UPDATE;

  FOR item IN
    SELECT * FROM ROWS FROM (json_to_recordset(items) AS ("jobId" uuid, "to" job_state, "reason" text, "metadata" jsonb,
      "expectedVersion" integer, "expectedState" job_state)) WITH ORDINALITY AS t
    ORDER BY t.ordinality
  LOOP
    UPDATE jobs SET state = item."to", version = version + 1, state_reason = item."reason",
      state_actor = jobledger_make_transitions.actor, state_metadata = coalesce(item."metadata", '{}'), releases = releases + 1
    WHERE id = item."jobId" AND deleted_at IS NULL AND jobledger_is_legal_transition(state, item."to", false)
      AND version = coalesce(item."expectedVersion", version) AND state = coalesce(item."expectedState", state)
    RETURNING jobs.* INTO job;
    applied := FOUND;
    IF applied THEN
      job.content := '';
    ELSE
      job := NULL;
      SELECT id, state, version, deleted_at INTO job.id, job.state, job.version, job.deleted_at
      FROM jobs WHERE id = item."jobId";
    END IF;
    ordinal := item."ordinality";
    RETURN NEXT;
  END LOOP;
END
$$;

-- Its constraint goes with it.
ALTER TABLE "jobs" DROP COLUMN "state_error";
ALTER TABLE "job_states" DROP COLUMN "error";
