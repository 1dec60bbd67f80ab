-- The seal: a Merkle tree (RFC 6962) over all records of job_states and job_result_records, in the
-- order in which consumers read, and the signed checkpoints of it. docs/ledger-format.md specifies
-- the leaves, C2SP tlog-tiles the tiles. The consumer "seal" has the position of the last leaf.

-- The names under which checkpoints are signed. The last one is current. A tree begins with each.
CREATE TABLE "jobledger"."seal_origins" (
  "origin" TEXT NOT NULL,
  "began_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  -- The last checkpoint of the origin before, to which the first leaf commits.
  "previous_checkpoint" TEXT,

  CONSTRAINT "pk_seal_origins" PRIMARY KEY ("origin"),
  CONSTRAINT "ck_seal_origins_instants_have_four_digit_years" CHECK (
    "began_at" >= '0001-01-01 00:00+00' AND "began_at" <= '9999-12-31 23:59:59.999+00')
);

CREATE TABLE "jobledger"."seal_tiles" (
  "level" INTEGER NOT NULL,
  "tile" BIGINT NOT NULL,
  -- 1 to 256 hashes of 32 bytes.
  "hashes" BYTEA NOT NULL,
  -- Only in tiles of level 0: the record of each leaf (0: the leaf of the origin), and the position
  -- of the first one.
  "record_ids" BIGINT[],
  "transaction_id" BIGINT,
  "record_id" BIGINT,

  CONSTRAINT "pk_seal_tiles" PRIMARY KEY ("level", "tile"),
  CONSTRAINT "ck_seal_tiles_hashes" CHECK (
    length("hashes") >= 32 AND length("hashes") <= 8192 AND length("hashes") % 32 = 0),
  CONSTRAINT "ck_seal_tiles_records_are_of_leaves" CHECK (
    CASE "level" WHEN 0 THEN "record_ids" IS NOT NULL AND cardinality("record_ids") = length("hashes") / 32
      AND "transaction_id" IS NOT NULL
      AND "record_id" IS NOT NULL
    ELSE "record_ids" IS NULL AND "transaction_id" IS NULL AND "record_id" IS NULL END)
);

-- Hashes cannot be compressed.
ALTER TABLE "jobledger"."seal_tiles" ALTER COLUMN "hashes" SET STORAGE EXTERNAL;
-- Partial, which Prisma does not see: the tile of a record.
CREATE INDEX "ix_seal_tiles_position" ON "jobledger"."seal_tiles"("transaction_id", "record_id") WHERE "level" = 0;

CREATE TABLE "jobledger"."checkpoints" (
  "origin" TEXT NOT NULL,
  -- The number of leaves.
  "size" BIGINT NOT NULL,
  "root_hash" BYTEA NOT NULL,
  -- A signed note (C2SP tlog-checkpoint).
  "signed_note" TEXT NOT NULL,
  "sealed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

  CONSTRAINT "pk_checkpoints" PRIMARY KEY ("origin", "size"),
  CONSTRAINT "fk_checkpoints_origin" FOREIGN KEY ("origin") REFERENCES "jobledger"."seal_origins"("origin")
    ON DELETE RESTRICT ON UPDATE RESTRICT,
  CONSTRAINT "ck_checkpoints_instants_have_four_digit_years" CHECK (
    "sealed_at" >= '0001-01-01 00:00+00' AND "sealed_at" <= '9999-12-31 23:59:59.999+00')
);

CREATE INDEX "ix_checkpoints_sealed_at" ON "jobledger"."checkpoints"("sealed_at");

-- A tile only grows, and checkpoints never change. Every role can set the setting: it only protects
-- the owner from a mistake.
CREATE FUNCTION "jobledger"."guard_seal"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'seal_tiles' THEN
    IF (OLD.level, OLD.tile, OLD.transaction_id, OLD.record_id)
        IS NOT DISTINCT FROM (NEW.level, NEW.tile, NEW.transaction_id, NEW.record_id)
      AND substr(NEW.hashes, 1, length(OLD.hashes)) = OLD.hashes
      AND NEW.record_ids[1:cardinality(OLD.record_ids)] IS NOT DISTINCT FROM OLD.record_ids THEN
      RETURN NEW;
    END IF;
  END IF;
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'seal_tiles' AND current_setting('jobledger.new_origin', true) = 'on'
    AND pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'JL003', TABLE = TG_TABLE_NAME,
    MESSAGE = format('The seal is append-only: %s of jobledger.%s is refused.', TG_OP, TG_TABLE_NAME);
END
$$;

CREATE TRIGGER "guard_change" BEFORE UPDATE OR DELETE ON "jobledger"."seal_tiles" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_seal();
CREATE TRIGGER "guard_truncate" BEFORE TRUNCATE ON "jobledger"."seal_tiles" FOR EACH STATEMENT
  EXECUTE FUNCTION jobledger.guard_seal();
CREATE TRIGGER "guard_change" BEFORE UPDATE OR DELETE ON "jobledger"."checkpoints" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_seal();
CREATE TRIGGER "guard_truncate" BEFORE TRUNCATE ON "jobledger"."checkpoints" FOR EACH STATEMENT
  EXECUTE FUNCTION jobledger.guard_seal();
CREATE TRIGGER "guard_change" BEFORE UPDATE OR DELETE ON "jobledger"."seal_origins" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_seal();
CREATE TRIGGER "guard_truncate" BEFORE TRUNCATE ON "jobledger"."seal_origins" FOR EACH STATEMENT
  EXECUTE FUNCTION jobledger.guard_seal();

INSERT INTO "jobledger"."compatible_migrations" ("name") VALUES ('20261128000011_seal');
