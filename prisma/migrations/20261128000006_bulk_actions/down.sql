DELETE FROM "jobledger"."compatible_migrations" WHERE "name" = '20261128000006_bulk_actions';
DROP TABLE "jobledger"."bulk_action_jobs";
DROP TABLE "jobledger"."bulk_actions";
