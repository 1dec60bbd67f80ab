DROP VIEW "job_metadata_lists";
DROP TABLE "job_results";
DROP TABLE "job_states";
DROP TABLE "jobs";
DROP FUNCTION "jobledger_uuid_time"(uuid);
DROP FUNCTION "jobledger_uuid_v7"();
DROP TYPE "job_result_status";
DROP TYPE "job_state";
