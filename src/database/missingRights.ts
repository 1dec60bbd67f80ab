// Checks whether the role of a server has all rights that `jobledger grants` gives it, and may name
// the actors of changes. Otherwise that would show only at the first request that needs a right, or
// in the history.
import pg from 'pg'
import { apiRights } from './grants.ts'
import type { Queryable } from './queryable.ts'

interface Wanted {
  readonly kind: string
  readonly name: string
  readonly privilege: string
  /** The column. Undefined: the whole table. */
  readonly column?: string | undefined
}

/** Maximum number of rights named in a message. */
const MAX_NAMED = 5

let wanted: string | undefined

/** Missing objects are reported elsewhere (schemaDrift.ts). */
function missingRightsSql(): string {
  wanted ??= pg.escapeLiteral(JSON.stringify(wantedRights()))
  return `SELECT wanted.*, current_user AS role
    FROM json_to_recordset(${wanted}) AS wanted (kind text, name text, privilege text, "column" text)
    WHERE CASE wanted.kind
      WHEN 'schema' THEN EXISTS (
        SELECT FROM pg_namespace WHERE nspname = wanted.name AND NOT has_schema_privilege(oid, privilege))
      WHEN 'function' THEN EXISTS (
        SELECT FROM pg_proc
        WHERE pronamespace = to_regnamespace(split_part(wanted.name, '.', 1)) AND proname = split_part(wanted.name, '.', 2)
          AND NOT has_function_privilege(oid, privilege))
      ELSE EXISTS (
        SELECT FROM pg_class
        WHERE relnamespace = to_regnamespace(split_part(wanted.name, '.', 1)) AND relname = split_part(wanted.name, '.', 2)
          AND NOT CASE
          WHEN wanted.kind = 'sequence' THEN relkind <> 'S' OR has_sequence_privilege(oid, privilege)
          WHEN wanted."column" IS NULL THEN has_table_privilege(oid, privilege)
          ELSE coalesce((
            SELECT has_column_privilege(attrelid, attnum, privilege) FROM pg_attribute
            WHERE attrelid = pg_class.oid AND attname = wanted."column"), true) END)
      END`
}

function wantedRights(): Wanted[] {
  return apiRights().flatMap(({ kind, name, privileges }) =>
    [...privileges.matchAll(/(\w+)(?: \("(\w+)"\))?/g)].map(([, privilege = '', column]) => ({
      kind,
      name,
      privilege,
      column,
    })),
  )
}

/**
 * Describes in one sentence for an operator what the role of `database` lacks. Undefined if it
 * lacks nothing.
 */
export async function missingRights(database: Queryable): Promise<string | undefined> {
  const { rows } = await database.query<Wanted & { role: string }>(missingRightsSql())
  const [first] = rows
  if (first === undefined) return await missingName(database)
  const named = rows.slice(0, MAX_NAMED).map(describe)
  const rest = rows.length > MAX_NAMED ? `, and ${rows.length - MAX_NAMED} more rights` : ''
  return (
    `The database role ${first.role} lacks ${named.join(', ')}${rest}. As the owner of the tables, run ` +
    `"jobledger grants --api ${first.role} --apply".`
  )
}

/** Undefined too if the schema is older than `api_roles`: that is reported elsewhere. */
async function missingName(database: Queryable): Promise<string | undefined> {
  const { rows } = await database.query<{ role: string; exists: boolean }>(
    "SELECT session_user AS role, to_regprocedure('jobledger.may_name_actor()') IS NOT NULL AS exists",
  )
  const { role, exists } = rows[0] as (typeof rows)[number]
  if (!exists) return undefined
  const named = await database.query<{ may: boolean }>('SELECT jobledger.may_name_actor() AS may')
  if (named.rows[0]?.may) return undefined
  return (
    `The database role ${role} is not named as a role of the API: the history would have it as the actor of all ` +
    `changes. As the owner of the tables, run "jobledger grants --api ${role} --apply".`
  )
}

function describe({ kind, name, privilege, column }: Wanted): string {
  const object = `${kind} ${name.replace(/^public\./, '')}`
  return column == null ? `${privilege} on ${object}` : `${privilege} of ${column} on ${object}`
}
