DROP TABLE "api_keys";
DROP FUNCTION "jobledger_guard_api_key"();
DROP TYPE "role";
