// The parts of a database that the ledger depends on: one SQL statement for each schema, type,
// table, column, constraint, index, trigger, sequence and function. The text is the same on every
// version of PostgreSQL.
import type { Queryable } from './queryable.ts'

/** A part of the schema: its name and its definition as SQL. */
export interface SchemaFact {
  readonly name: string
  /** Why it has no effect although it is defined, such as "is disabled"; null if it has. */
  readonly fault: string | null
  readonly definition: string
}

// NOT NULL constraints are in the catalog only since PostgreSQL 18, but columns show them, too.
// Triggers with ENABLE ALWAYS count as enabled. The triggers of a foreign key are internal; ALTER
// TABLE ... DISABLE TRIGGER ALL disables them. The operator chooses the storage parameters of
// indexes and tables, so they are ignored. Rows of a table that inherits are read with those of its
// parent, but no trigger, index or foreign key of the parent applies to them. Versions print the
// bodies of views differently. The settings below determine how definitions are printed; SET LOCAL
// lasts only for the statements of this text.
const FACTS = `
  SET LOCAL search_path = pg_catalog; SET LOCAL "TimeZone" = 'UTC'; SET LOCAL "DateStyle" = 'ISO'; SET LOCAL "IntervalStyle" = 'postgres';
  SET LOCAL quote_all_identifiers = off;
  WITH schemas AS (
    SELECT oid, nspname, CASE nspname WHEN 'public' THEN '' ELSE nspname || '.' END AS prefix
    FROM pg_namespace WHERE nspname IN ('public', 'jobledger')
  ), tables AS (
    SELECT pg_class.*, prefix || relname AS name
    FROM pg_class JOIN schemas ON schemas.oid = relnamespace WHERE relkind IN ('r', 'v') AND relname <> '_prisma_migrations'
  ), facts (section, name, fault, definition) AS (
    SELECT '1 schema', 'schema ' || nspname, NULL, format('CREATE SCHEMA %I', nspname) FROM schemas
    UNION ALL
    SELECT '2 type', format('type %s%s', prefix, typname), NULL,
      format('CREATE TYPE %s AS ENUM (%s)', pg_type.oid::regtype, string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder))
    FROM pg_type JOIN schemas ON schemas.oid = typnamespace JOIN pg_enum ON enumtypid = pg_type.oid GROUP BY pg_type.oid, prefix
    UNION ALL
    SELECT '3 sequence', format('sequence %s%s', prefix, relname), NULL,
      format('CREATE SEQUENCE %s AS %s INCREMENT %s MINVALUE %s MAXVALUE %s%s', seqrelid::regclass, seqtypid::regtype,
        seqincrement, seqmin, seqmax, CASE WHEN seqcycle THEN ' CYCLE' END)
    FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid JOIN schemas ON schemas.oid = relnamespace
    UNION ALL
    SELECT '4 function', format('function %s%s', prefix, proname), NULL, rtrim(pg_get_functiondef(pg_proc.oid), E'\\n')
    FROM pg_proc JOIN schemas ON schemas.oid = pronamespace WHERE nspname = 'jobledger'
    UNION ALL
    SELECT '5 ' || name, 'table ' || name,
      CASE WHEN relrowsecurity THEN 'has row security'
        WHEN EXISTS (SELECT FROM pg_rewrite WHERE ev_class = tables.oid AND ev_type <> '1') THEN 'has rules'
        WHEN EXISTS (SELECT FROM pg_inherits WHERE inhparent = tables.oid) THEN 'has tables that inherit from it' END,
      format('CREATE%s %s %s ()', CASE relpersistence WHEN 'u' THEN ' UNLOGGED' END, CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END,
        tables.oid::regclass)
    FROM tables
    UNION ALL
    SELECT format('5 %s 1', name), format('column %s.%s', name, attname), NULL,
      concat_ws(' ', format('ALTER TABLE %s ADD COLUMN %I', attrelid::regclass, attname), format_type(atttypid, atttypmod),
        CASE WHEN attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(adbin, adrelid))
    FROM pg_attribute JOIN tables ON tables.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT format('5 %s 2', name), format('constraint %s.%s', name, conname),
      CASE WHEN NOT convalidated THEN 'is not validated'
        WHEN EXISTS (SELECT FROM pg_trigger WHERE tgconstraint = pg_constraint.oid AND tgenabled NOT IN ('O', 'A')) THEN 'is disabled' END,
      format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(pg_constraint.oid))
    FROM pg_constraint JOIN tables ON tables.oid = conrelid WHERE contype <> 'n'
    UNION ALL
    SELECT format('5 %s 3', name), format('index %s%s', prefix, pg_class.relname),
      CASE WHEN NOT (indisvalid AND indisready AND indislive) THEN 'is invalid' END,
      regexp_replace(pg_get_indexdef(indexrelid), ' WITH \\(.*?\\)', '')
    FROM pg_index JOIN tables ON tables.oid = indrelid JOIN pg_class ON pg_class.oid = indexrelid JOIN schemas ON schemas.oid = pg_class.relnamespace
    UNION ALL
    SELECT format('5 %s 4', name), format('trigger %s.%s', name, tgname),
      CASE WHEN tgenabled NOT IN ('O', 'A') THEN 'is disabled' END, pg_get_triggerdef(pg_trigger.oid)
    FROM pg_trigger JOIN tables ON tables.oid = tgrelid WHERE NOT tgisinternal
    UNION ALL
    SELECT '6 setting', 'setting session_replication_role',
      CASE current_setting('session_replication_role') WHEN 'replica' THEN 'is replica' END,
      'SET session_replication_role = origin'
  )
  SELECT name, fault, definition FROM facts ORDER BY section COLLATE "C", name COLLATE "C"`

/**
 * The parts of the schema that `database` is connected to. Reads only the catalog, in about 10 ms.
 */
export async function readSchemaFacts(database: Queryable): Promise<SchemaFact[]> {
  // pg returns one result for each statement.
  const results = (await database.query(FACTS)) as unknown as { rows: SchemaFact[] }[]
  return results.at(-1)?.rows ?? []
}
