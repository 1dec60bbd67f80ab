// The rights that roles of PostgreSQL need, as SQL: of the server, of a reader and of the owner.
// The list of objects is read from the migrations, so it is complete for each version.
import pg from 'pg'
import { migrationsOfCode, upScript } from './migrations.ts'

export interface GrantRoles {
  /** Runs servers and `maintain`: reads, creates and updates jobs. Cannot delete or alter. */
  readonly api?: string | undefined
  /** Reads the schema `public`, except API keys. */
  readonly reader?: string | undefined
  /** Owns all objects of the ledger: migrates, creates API keys, purges. */
  readonly owner?: string | undefined
}

/** Names with their schemas, such as "public.jobs". */
interface Objects {
  readonly tables: ReadonlySet<string>
  readonly views: ReadonlySet<string>
  readonly sequences: ReadonlySet<string>
  /** Except trigger functions, which nothing needs a right to execute. */
  readonly functions: ReadonlySet<string>
  readonly triggerFunctions: ReadonlySet<string>
  readonly types: ReadonlySet<string>
}

/** The rights of a role on an object. The name includes its schema, such as "public.jobs". */
export interface Right {
  readonly kind: 'schema' | 'table' | 'view' | 'sequence' | 'function'
  readonly name: string
  /** Rights, as GRANT names them. */
  readonly privileges: string
}

/** `jobledger` contains the functions and the internal tables of the service. */
const SCHEMAS = ['public', 'jobledger']
/** Prisma's own table, which no migration creates. */
const MIGRATIONS_TABLE = 'public._prisma_migrations'
const API_RIGHTS = 'SELECT, INSERT, UPDATE'
/** Tables on which the server needs fewer rights. */
const FEWER_API_RIGHTS: Readonly<Record<string, string>> = {
  [MIGRATIONS_TABLE]: 'SELECT',
  'public.api_keys': 'SELECT, UPDATE ("last_used_at")',
  'jobledger.api_roles': 'SELECT',
  'jobledger.compatible_migrations': 'SELECT',
  'public.job_result_records': 'SELECT, INSERT',
  'public.job_states': 'SELECT, INSERT',
  'jobledger.ledger_timelines': 'SELECT',
  'public.purged_jobs': 'SELECT',
  'jobledger.refusals': 'SELECT, INSERT, UPDATE ("times"), DELETE',
  'jobledger.checkpoints': 'SELECT, INSERT',
  'jobledger.seal_origins': 'SELECT, INSERT',
  'jobledger.refused_records': 'SELECT, INSERT',
  'jobledger.transaction_offsets': 'SELECT',
}
/** Contains the hashes of keys. */
const NOT_FOR_READERS = 'public.api_keys'
/** Functions for the owner only. */
const FOR_OWNER = 'jobledger.purge'

/**
 * A script that can be run repeatedly. Gives `api` and `reader` exactly the rights that they need.
 */
export function grantStatements({ api, reader, owner }: GrantRoles): string {
  const objects = objectsOfMigrations()
  const statements = [
    'BEGIN',
    'SET LOCAL search_path = pg_catalog',
    'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
    ...(owner === undefined ? [] : toOwner(quote(owner), objects)),
    ...(api === undefined ? [] : [...toApi(quote(api)), ...nameApi(api, owner)]),
    ...(reader === undefined ? [] : toReader(quote(reader), objects)),
    'COMMIT',
  ]
  return statements.map((statement) => `${statement};`).join('\n')
}

function toApi(role: string): string[] {
  const granted = apiRights().map(({ kind, name, privileges }) => {
    const what = kind === 'table' || kind === 'view' ? '' : `${kind.toUpperCase()} `
    return `GRANT ${privileges} ON ${what}${qualified(name)} TO ${role}`
  })
  return [...revokeAll(role), ...granted]
}

/** The API is also no longer the owner, if the script says who that is. */
function nameApi(api: string, owner: string | undefined): string[] {
  const name = pg.escapeLiteral(api)
  return [
    `INSERT INTO jobledger.api_roles (name) VALUES (${name}) ON CONFLICT DO NOTHING`,
    ...(owner === undefined ? [] : [`DELETE FROM jobledger.api_roles WHERE name = ${pg.escapeLiteral(owner)}`]),
  ]
}

/** The rights of the server. */
export function apiRights(): Right[] {
  const { tables, views, sequences, functions } = objectsOfMigrations()
  const rights = (kind: Right['kind'], names: Iterable<string>, privilegesOf: (name: string) => string): Right[] =>
    [...names].map((name) => ({ kind, name, privileges: privilegesOf(name) }))
  const ours = [...functions].filter((name) => name !== FOR_OWNER)
  return [
    ...rights('schema', SCHEMAS, () => 'USAGE'),
    ...rights('table', tables, (table) => FEWER_API_RIGHTS[table] ?? API_RIGHTS),
    ...rights('view', views, () => 'SELECT'),
    ...rights('sequence', sequences, () => 'USAGE'),
    ...rights('function', ours, () => 'EXECUTE'),
  ]
}

function toReader(role: string, { tables, views }: Objects): string[] {
  const readable = [...tables, ...views].filter((name) => name.startsWith('public.') && name !== NOT_FOR_READERS)
  return [
    ...revokeAll(role),
    `GRANT USAGE ON SCHEMA public TO ${role}`,
    ...readable.map((name) => `GRANT SELECT ON ${qualified(name)} TO ${role}`),
  ]
}

/**
 * Revokes what another version granted and this one does not need. An owner would revoke its own
 * rights.
 */
function revokeAll(role: string): string[] {
  const schemas = SCHEMAS.join(', ')
  const revoked = ['TABLES', 'SEQUENCES', 'FUNCTIONS'].map(
    (kind) => `REVOKE ALL ON ALL ${kind} IN SCHEMA ${schemas} FROM ${role}`,
  )
  return [refuseOwner(role), ...revoked, `REVOKE ALL ON SCHEMA ${schemas} FROM ${role}`]
}

/** To PostgreSQL, a superuser is a member of every role. */
function refuseOwner(role: string): string {
  const name = pg.escapeLiteral(role)
  return `DO $$ BEGIN
  IF (SELECT pg_has_role(to_regrole(${name}), relowner, 'MEMBER') FROM pg_class WHERE oid = 'public.jobs'::regclass) THEN
    RAISE EXCEPTION '% has all rights of the owner of the tables (as the owner, a member of it or a superuser): choose another role', ${name};
  END IF;
END $$`
}

function toOwner(role: string, { tables, views, functions, triggerFunctions, types }: Objects): string[] {
  return [
    `GRANT USAGE, CREATE ON SCHEMA public TO ${role}`,
    `ALTER SCHEMA jobledger OWNER TO ${role}`,
    ...[...tables].map((table) => `ALTER TABLE ${qualified(table)} OWNER TO ${role}`),
    ...[...views].map((view) => `ALTER VIEW ${qualified(view)} OWNER TO ${role}`),
    ...[...types].map((type) => `ALTER TYPE ${qualified(type)} OWNER TO ${role}`),
    ...[...functions, ...triggerFunctions].map((name) => `ALTER FUNCTION ${qualified(name)} OWNER TO ${role}`),
  ]
}

/**
 * The objects after the last migration. Our migrations quote names with their schemas, and start
 * each statement at the start of a line.
 */
function objectsOfMigrations(): Objects {
  const script = migrationsOfCode().map(upScript).join('\n')
  const triggerFunctions = remaining(script, 'FUNCTION', /\([^;]*?\)\s*RETURNS (?:event_)?trigger\b/)
  const functions = remaining(script, 'FUNCTION')
  for (const name of triggerFunctions) functions.delete(name)
  return {
    tables: new Set([MIGRATIONS_TABLE, ...remaining(script, 'TABLE')]),
    views: remaining(script, 'VIEW'),
    // The name that PostgreSQL gives to the sequence of a serial column.
    sequences: new Set(
      [...script.matchAll(/^CREATE TABLE "(\w+)"\."(\w+)" \(\s*"(\w+)" BIGSERIAL/gm)].map(
        ([, schema, table, column]) => `${schema}.${table}_${column}_seq`,
      ),
    ),
    functions,
    triggerFunctions,
    types: remaining(script, 'TYPE'),
  }
}

/** The names of the objects of a kind that the script creates and does not drop later, in order. */
function remaining(script: string, kind: string, definition = /(?:)/): Set<string> {
  const names = new Set<string>()
  const creation = new RegExp(
    `^(?:CREATE (?:OR REPLACE )?${kind} "(\\w+)"\\."(\\w+)"${definition.source}|DROP ${kind} "(\\w+)"\\."(\\w+)")`,
    'gm',
  )
  for (const [, schema, created, droppedFrom, dropped] of script.matchAll(creation)) {
    if (created !== undefined) names.add(`${schema}.${created}`)
    if (dropped !== undefined) names.delete(`${droppedFrom}.${dropped}`)
  }
  return names
}

/** A name with its schema. */
function qualified(name: string): string {
  return name.split('.').map(quote).join('.')
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
