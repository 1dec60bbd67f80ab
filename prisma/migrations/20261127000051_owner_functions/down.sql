GRANT EXECUTE ON FUNCTION "jobledger_leave_place"() TO PUBLIC;
GRANT EXECUTE ON FUNCTION "jobledger_carry_on"(bigint, bigint) TO PUBLIC;
