DROP TRIGGER "refuse_deep_metadata_insert" ON "jobs";
DROP TRIGGER "refuse_deep_metadata_update" ON "jobs";
DROP TRIGGER "refuse_deep_state_metadata_insert" ON "jobs";
DROP TRIGGER "refuse_deep_state_metadata_update" ON "jobs";
DROP TRIGGER "refuse_deep_output_insert" ON "job_results";
DROP TRIGGER "refuse_deep_output_update" ON "job_results";
DROP FUNCTION "jobledger_refuse_deep_json"();
