-- Functions that run with the rights of the owner are not for every role: `jobledger grants` gives them to the role of the server.
REVOKE EXECUTE ON FUNCTION "jobledger_leave_place"() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION "jobledger_carry_on"(bigint, bigint) FROM PUBLIC;

INSERT INTO "compatible_migrations" ("name") VALUES ('20261127000051_owner_functions');
