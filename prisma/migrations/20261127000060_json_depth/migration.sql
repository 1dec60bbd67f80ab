-- JSON is nested at most 100 levels deep, as the API has it (src/ledger/storable.ts): deeper values overflow the stacks of programs that
-- read them. Triggers, not CHECKs: a CHECK is tested by each update of a row, also of other columns, so that a deep value from before
-- would keep its job from ever moving again. The condition takes a quarter of a microsecond for a small value, less than its text does.

CREATE FUNCTION "jobledger_refuse_deep_json"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, COLUMN = TG_ARGV[0],
    MESSAGE = format('%s of %s must be nested at most 100 levels deep.', TG_ARGV[0], TG_TABLE_NAME);
END
$$;

-- The value is level 0 of a path. A container at level 100 may be empty, as in the API.
CREATE TRIGGER "refuse_deep_metadata_insert" BEFORE INSERT ON "jobs" FOR EACH ROW
  WHEN (jsonb_path_exists(NEW."metadata", '$.**{101}')) EXECUTE FUNCTION jobledger_refuse_deep_json('metadata');
CREATE TRIGGER "refuse_deep_metadata_update" BEFORE UPDATE OF "metadata" ON "jobs" FOR EACH ROW
  WHEN (jsonb_path_exists(NEW."metadata", '$.**{101}') AND OLD."metadata" IS DISTINCT FROM NEW."metadata")
  EXECUTE FUNCTION jobledger_refuse_deep_json('metadata');
CREATE TRIGGER "refuse_deep_state_metadata_insert" BEFORE INSERT ON "jobs" FOR EACH ROW
  WHEN (jsonb_path_exists(NEW."state_metadata", '$.**{101}')) EXECUTE FUNCTION jobledger_refuse_deep_json('state_metadata');
CREATE TRIGGER "refuse_deep_state_metadata_update" BEFORE UPDATE OF "state_metadata" ON "jobs" FOR EACH ROW
  WHEN (jsonb_path_exists(NEW."state_metadata", '$.**{101}') AND OLD."state_metadata" IS DISTINCT FROM NEW."state_metadata")
  EXECUTE FUNCTION jobledger_refuse_deep_json('state_metadata');
CREATE TRIGGER "refuse_deep_output_insert" BEFORE INSERT ON "job_results" FOR EACH ROW
  WHEN (jsonb_path_exists(NEW."output", '$.**{101}')) EXECUTE FUNCTION jobledger_refuse_deep_json('output');
CREATE TRIGGER "refuse_deep_output_update" BEFORE UPDATE OF "output" ON "job_results" FOR EACH ROW
  WHEN (jsonb_path_exists(NEW."output", '$.**{101}') AND OLD."output" IS DISTINCT FROM NEW."output")
  EXECUTE FUNCTION jobledger_refuse_deep_json('output');

INSERT INTO "compatible_migrations" ("name") VALUES ('20261127000060_json_depth');
