-- Which migrations a running server of an older version can live with. An old server does not have the file of a newer migration, so the
-- mark is in the database: the migration itself writes it. A migration is compatible if it only adds (tables, nullable columns or columns
-- with a default, indexes, functions) or replaces a definition whose callers stay right. An old server refuses a schema with any other
-- migration that it does not know.
CREATE TABLE "compatible_migrations" (
  "name" TEXT NOT NULL,

  CONSTRAINT "pk_compatible_migrations" PRIMARY KEY ("name")
);

INSERT INTO "compatible_migrations" ("name") VALUES ('20261127000000_compatible_migrations');
