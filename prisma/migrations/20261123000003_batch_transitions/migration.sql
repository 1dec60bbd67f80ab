-- Many transitions in one statement, in the order given; each is answered for itself, and each sees those before it. An item
-- is {jobId, to, reason, metadata, expectedVersion, expectedState}. "applied" tells whether it happened; "job" is the job after
-- it, or as it stands where it did not, or null where there is none.

CREATE FUNCTION "jobledger_transition_jobs"("items" json, "actor" text)
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
      state_actor = jobledger_transition_jobs.actor, state_metadata = coalesce(item."metadata", '{}')
    WHERE id = item."jobId" AND deleted_at IS NULL AND jobledger_is_legal_transition(state, item."to", false)
      AND version = coalesce(item."expectedVersion", version) AND state = coalesce(item."expectedState", state)
    RETURNING jobs.* INTO job;
    applied := FOUND;
    IF NOT applied THEN
      SELECT jobs.* INTO job FROM jobs WHERE id = item."jobId";
    END IF;
    ordinal := item."ordinality";
    RETURN NEXT;
  END LOOP;
END
$$;
