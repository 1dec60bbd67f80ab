DROP FUNCTION "jobledger_transition_jobs"(json, text);
