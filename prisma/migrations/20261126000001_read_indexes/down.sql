DROP INDEX "ix_job_states_previous_state";
DROP INDEX "ix_job_states_new_state";
DROP INDEX "ix_job_states_actor";
DROP INDEX "ix_jobs_metadata";
DROP INDEX "ix_jobs_user_id_updated_at";
DROP INDEX "ix_jobs_user_id_state";
DROP INDEX "ix_jobs_preset";
