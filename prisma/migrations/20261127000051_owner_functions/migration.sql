-- The server runs as a role that may neither delete rows nor alter tables (`jobledger grants`). It empties the roll-up through this
-- function alone. Functions that run with the rights of the owner are not for everyone.
ALTER FUNCTION "jobledger_empty_roll_up"() SECURITY DEFINER;
REVOKE EXECUTE ON FUNCTION "jobledger_empty_roll_up"() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION "jobledger_leave_place"() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION "jobledger_carry_on"(bigint, bigint) FROM PUBLIC;

INSERT INTO "compatible_migrations" ("name") VALUES ('20261127000051_owner_functions');
