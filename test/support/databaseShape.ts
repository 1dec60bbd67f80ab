// The schema of a database as lines of text, to compare it before a migration and after its down
// migration. Prisma's own table is not included.
import { onServer } from './testRun.ts'

// Constraints of type "n" are NOT NULL columns, which only PostgreSQL 18 and later list as
// constraints.
const SHAPE = `
  WITH relations AS (
    SELECT *, oid::regclass::text AS name FROM pg_class
    WHERE relnamespace::regnamespace::text IN ('public', 'jobledger') AND relname <> '_prisma_migrations'
  ), parts (line) AS (
    SELECT format('relation %s kind %s persistence %s row security %s options %s',
      name, relkind, relpersistence, relrowsecurity, reloptions)
    FROM relations WHERE relkind IN ('r', 'v', 'm', 'p', 'S', 'f')
    UNION ALL
    SELECT format('column %s.%s %s %s default %s identity %s generated %s', c.name, a.attname,
      format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'not null' ELSE 'null' END,
      pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated)
    FROM pg_attribute a JOIN relations c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT format('constraint %s %s %s valid %s', c.name, k.conname, pg_get_constraintdef(k.oid), k.convalidated)
    FROM pg_constraint k JOIN relations c ON c.oid = k.conrelid WHERE k.contype <> 'n'
    UNION ALL
    SELECT format('index %s valid %s', pg_get_indexdef(i.indexrelid), i.indisvalid)
    FROM pg_index i JOIN relations c ON c.oid = i.indrelid
    UNION ALL
    SELECT format('view %s %s', name, pg_get_viewdef(oid)) FROM relations WHERE relkind IN ('v', 'm')
    UNION ALL
    SELECT format('trigger %s enabled %s', pg_get_triggerdef(t.oid), t.tgenabled)
    FROM pg_trigger t JOIN relations c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT format('policy %s on %s', p.polname, c.name) FROM pg_policy p JOIN relations c ON c.oid = p.polrelid
    UNION ALL
    SELECT format('function %s', pg_get_functiondef(oid)) FROM pg_proc
    WHERE pronamespace::regnamespace::text IN ('public', 'jobledger') AND prokind <> 'a'
    UNION ALL
    SELECT format('enum %s %s', t.oid::regtype, string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder))
    FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid WHERE t.typnamespace::regnamespace::text IN ('public', 'jobledger') GROUP BY t.oid
    UNION ALL
    SELECT format('domain %s %s', oid::regtype, format_type(typbasetype, typtypmod)) FROM pg_type
    WHERE typnamespace::regnamespace::text IN ('public', 'jobledger') AND typtype = 'd'
    UNION ALL
    SELECT format('schema %s', nspname) FROM pg_namespace
    WHERE nspname NOT IN ('public', 'information_schema') AND nspname !~ '^pg_'
    UNION ALL
    SELECT format('extension %s', extname) FROM pg_extension WHERE extname <> 'plpgsql'
    UNION ALL
    SELECT format('event trigger %s', evtname) FROM pg_event_trigger
  )
  SELECT line FROM parts ORDER BY line COLLATE "C"`

export async function databaseShape(url: string): Promise<string[]> {
  return await onServer(url, async (client) => {
    // Names of other schemas are qualified, whatever the role is called.
    await client.query('SET search_path = public')
    const { rows } = await client.query<{ line: string }>(SHAPE)
    return rows.map(({ line }) => line)
  })
}
