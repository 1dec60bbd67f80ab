DROP FUNCTION "jobledger_make_transitions"(json, text);
DROP FUNCTION "jobledger_require_answer"(bigint, bigint);
