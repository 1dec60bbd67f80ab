// What a database is made of, as far as the ledger relies on it: one line of text for each table, column, constraint, index, trigger,
// function and sequence. The same on every version of PostgreSQL.
import { createHash } from 'node:crypto'
import type { Queryable } from './migrations.ts'

/** A part of the schema: what it is called, whether it is in force, and how it is defined. */
export interface SchemaFact {
  readonly name: string
  readonly inForce: boolean
  readonly definition: string
}

// Constraints of type "n" (NOT NULL) are in the catalog since PostgreSQL 18 only; columns say the same. Triggers that are enabled always
// (for replication) are in force, too. The triggers of a foreign key are internal; ALTER TABLE ... DISABLE TRIGGER ALL reaches them.
// Storage parameters of indexes and tables are for the operator to choose. The bodies of views are written differently by versions.
// Definitions are written by these settings, which a server may have otherwise; SET LOCAL lasts for the statements of this one text.
const FACTS = `
  SET LOCAL search_path = pg_catalog; SET LOCAL "TimeZone" = 'UTC'; SET LOCAL "DateStyle" = 'ISO'; SET LOCAL "IntervalStyle" = 'postgres';
  WITH tables AS (
    SELECT * FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') AND relname <> '_prisma_migrations'
  )
  SELECT 'table ' || relname AS name, NOT relrowsecurity
      AND NOT EXISTS (SELECT FROM pg_rewrite WHERE ev_class = tables.oid AND ev_type <> '1') AS "inForce",
    relkind::text || ' ' || relpersistence::text AS definition
  FROM tables
  UNION ALL
  SELECT format('column %s.%s', tables.relname, attname), true,
    concat_ws(' ', format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' END, pg_get_expr(adbin, adrelid))
  FROM pg_attribute JOIN tables ON tables.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  WHERE attnum > 0 AND NOT attisdropped
  UNION ALL
  SELECT format('constraint %s.%s', tables.relname, conname),
    convalidated AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgconstraint = pg_constraint.oid AND tgenabled NOT IN ('O', 'A')),
    pg_get_constraintdef(pg_constraint.oid)
  FROM pg_constraint JOIN tables ON tables.oid = conrelid WHERE contype <> 'n'
  UNION ALL
  SELECT format('index %s', pg_class.relname), indisvalid AND indisready AND indislive,
    regexp_replace(pg_get_indexdef(indexrelid), ' WITH \\(.*?\\)', '')
  FROM pg_index JOIN tables ON tables.oid = indrelid JOIN pg_class ON pg_class.oid = indexrelid
  UNION ALL
  SELECT format('trigger %s.%s', tables.relname, tgname), tgenabled IN ('O', 'A'), pg_get_triggerdef(pg_trigger.oid)
  FROM pg_trigger JOIN tables ON tables.oid = tgrelid WHERE NOT tgisinternal
  UNION ALL
  SELECT format('function %s', proname), true,
    concat_ws(' ', pg_get_function_arguments(oid), pg_get_function_result(oid), provolatile, prosecdef, array_to_string(proconfig, ', '), prosrc, pg_get_function_sqlbody(oid))
  FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'jobledger%'
  UNION ALL
  SELECT format('sequence %s', relname), true,
    concat_ws(' ', seqtypid::regtype, seqincrement, seqmin, seqmax, CASE WHEN seqcycle THEN 'cycle' END)
  FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid WHERE relnamespace = 'public'::regnamespace
  UNION ALL
  SELECT format('type %s', typname), true, string_agg(enumlabel, ', ' ORDER BY enumsortorder)
  FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid WHERE typnamespace = 'public'::regnamespace GROUP BY typname
  UNION ALL
  SELECT 'setting session_replication_role', current_setting('session_replication_role') <> 'replica', ''`

/** The parts of the schema that `database` is connected to. Reads the catalog only, in some ten milliseconds. */
export async function readSchemaFacts(database: Queryable): Promise<SchemaFact[]> {
  // Of several statements pg returns several results.
  const results = (await database.query(FACTS)) as unknown as { rows: SchemaFact[] }[]
  return results.at(-1)?.rows ?? []
}

/** What a definition comes to. */
export function digest(definition: string): string {
  return createHash('sha256').update(definition).digest('hex').slice(0, 16)
}
