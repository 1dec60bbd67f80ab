DELETE FROM "jobledger"."compatible_migrations" WHERE "name" = '20261128000010_refusals';
DROP TABLE "jobledger"."refusals";
