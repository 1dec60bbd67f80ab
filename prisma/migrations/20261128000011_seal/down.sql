DELETE FROM "jobledger"."compatible_migrations" WHERE "name" = '20261128000011_seal';
DELETE FROM "jobledger"."consumers" WHERE "name" = 'seal';
DROP TABLE "jobledger"."checkpoints";
DROP TABLE "jobledger"."seal_tiles";
DROP TABLE "jobledger"."seal_origins";
DROP FUNCTION "jobledger"."guard_seal"();
