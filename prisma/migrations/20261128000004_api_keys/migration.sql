-- API keys. Records name the holder of a key as "key:<name>", so a name must mean one key forever:
-- keys are revoked, never removed, and what a key may do never changes.
--   JL007 removal or change of an API key

CREATE TYPE "public"."role" AS ENUM ('USER', 'WORKER', 'AUDITOR', 'ADMIN');

CREATE TABLE "public"."api_keys" (
  "id" UUID NOT NULL DEFAULT jobledger.uuid_v7(),
  "name" TEXT NOT NULL,
  "key_hash" BYTEA NOT NULL,
  "roles" "public"."role"[],
  "user_id" TEXT,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "expires_at" TIMESTAMPTZ(3),
  "last_used_at" TIMESTAMPTZ(3),
  "revoked_at" TIMESTAMPTZ(3),

  CONSTRAINT "pk_api_keys" PRIMARY KEY ("id"),
  CONSTRAINT "ck_api_keys_name_not_empty" CHECK ("name" <> ''),
  CONSTRAINT "ck_api_keys_key_hash_is_sha256" CHECK (octet_length("key_hash") = 32),
  -- Prisma fails to read such roles, and with them every list of keys.
  CONSTRAINT "ck_api_keys_has_roles" CHECK (coalesce(array_ndims("roles"), 0) = 1 AND array_position("roles", NULL) IS NULL),
  CONSTRAINT "ck_api_keys_user_has_id" CHECK (NOT 'USER' = ANY ("roles") OR "user_id" IS NOT NULL AND "user_id" <> ''),
  -- RFC 3339 has no form for other years, nor for infinity.
  CONSTRAINT "ck_api_keys_instants_have_four_digit_years" CHECK (
    "created_at" >= '0001-01-01 00:00+00' AND "created_at" <= '9999-12-31 23:59:59.999+00'
    AND "expires_at" >= '0001-01-01 00:00+00' AND "expires_at" <= '9999-12-31 23:59:59.999+00'
    AND "last_used_at" >= '0001-01-01 00:00+00' AND "last_used_at" <= '9999-12-31 23:59:59.999+00'
    AND "revoked_at" >= '0001-01-01 00:00+00' AND "revoked_at" <= '9999-12-31 23:59:59.999+00')
);

CREATE UNIQUE INDEX "ix_api_keys_name" ON "public"."api_keys"("name");
CREATE UNIQUE INDEX "ix_api_keys_key_hash" ON "public"."api_keys"("key_hash");

CREATE FUNCTION "jobledger"."guard_api_key"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, jobledger, public, pg_temp
AS $$
BEGIN
  IF TG_OP <> 'UPDATE' THEN
    RAISE EXCEPTION USING ERRCODE = 'JL007', TABLE = 'api_keys',
      MESSAGE = 'API keys are revoked, not removed: records name them.', HINT = 'Set revoked_at to now().';
  END IF;
  IF (OLD.id, OLD.name, OLD.key_hash, OLD.roles, OLD.user_id, OLD.created_at)
    IS DISTINCT FROM (NEW.id, NEW.name, NEW.key_hash, NEW.roles, NEW.user_id, NEW.created_at) THEN
    RAISE EXCEPTION USING ERRCODE = 'JL007', TABLE = 'api_keys',
      MESSAGE = format('These columns of API key %s never change: id, name, key_hash, roles, user_id, created_at.', OLD.name),
      HINT = 'Revoke it and create another.';
  END IF;
  IF OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN
    RAISE EXCEPTION USING ERRCODE = 'JL007', TABLE = 'api_keys', COLUMN = 'revoked_at',
      MESSAGE = format('API key %s is revoked: revoked_at never changes.', OLD.name), HINT = 'Create another key.';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER "guard_update" BEFORE UPDATE ON "public"."api_keys" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_api_key();
CREATE TRIGGER "guard_delete" BEFORE DELETE ON "public"."api_keys" FOR EACH ROW
  EXECUTE FUNCTION jobledger.guard_api_key();
CREATE TRIGGER "guard_truncate" BEFORE TRUNCATE ON "public"."api_keys" FOR EACH STATEMENT
  EXECUTE FUNCTION jobledger.guard_api_key();
