-- What a mutation answers with is bounded before it commits: the statement itself sums the bytes of the rows that it returns.

-- Returns "bytes" if they are within the limit. Its refusal takes the whole statement back:
--   JL020 an answer that is larger than its limit
CREATE FUNCTION "jobledger_require_answer"("bytes" bigint, "most" bigint) RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF bytes > most THEN
    RAISE EXCEPTION USING ERRCODE = 'JL020', MESSAGE = format('The answer has %s bytes; the limit is %s.', bytes, most), DETAIL = bytes;
  END IF;
  RETURN bytes;
END
$$;

-- As jobledger_transition_jobs, which servers of the version before still call, but "job" comes without its content: a batch may name
-- one job a thousand times, and a row in a result holds a copy of all its values. Where the transition did not happen, "job" has what
-- explains it: id, state, version, deleted_at.
CREATE FUNCTION "jobledger_make_transitions"("items" json, "actor" text)
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

INSERT INTO "compatible_migrations" ("name") VALUES ('20261127000001_mutation_answers');
