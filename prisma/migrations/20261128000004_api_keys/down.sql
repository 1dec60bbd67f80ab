DROP TABLE "public"."api_keys";
DROP FUNCTION "jobledger"."guard_api_key"();
DROP TYPE "public"."role";
