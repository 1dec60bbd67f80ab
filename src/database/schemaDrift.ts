// Compares the schema of a database with what its migrations create. Prisma's own comparison
// ignores triggers, functions, CHECK constraints and the predicates of indexes. prisma/schema.sql
// holds the expected schema.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MigrationError, migrationState, requireCurrentSchema } from './migrations.ts'
import { PACKAGE_ROOT } from './packageRoot.ts'
import type { Queryable } from './queryable.ts'
import { readSchemaFacts, type SchemaFact } from './schemaFacts.ts'

/**
 * All definitions of a migrated database, each below a comment with its name. The test of this
 * module writes it.
 */
export const SCHEMA_FILE = join(PACKAGE_ROOT, 'prisma', 'schema.sql')

/** Maximum number of parts named in a message. */
const MAX_NAMED = 5

const HEADER = `-- The schema that the migrations create, for review, and for servers to compare with theirs.
-- Generated after a new migration:
-- npx vitest run test/database/schemaDrift.slow.test.ts -u
`

/** The text of the file for a freshly migrated database. */
export function schemaText(facts: readonly SchemaFact[]): string {
  return [HEADER, ...facts.map(({ name, definition }) => `-- ${name}\n${definition};\n`)].join('\n')
}

/** A comment with the name of a part. Comments in the bodies of functions are indented. */
const NAME = /^-- ((?:schema|type|sequence|function|table|column|constraint|index|trigger|setting) \S+)\n/gm

let expected: ReadonlyMap<string, string> | undefined

/** The definitions by the names of their parts. */
function expectedFacts(): ReadonlyMap<string, string> {
  if (expected !== undefined) return expected
  const [, ...parts] = readFileSync(SCHEMA_FILE, 'utf8').split(NAME)
  const definitions = new Map<string, string>()
  for (let index = 0; index < parts.length; index += 2)
    definitions.set(parts[index] ?? '', (parts[index + 1] ?? '').trimEnd().slice(0, -1))
  expected = definitions
  return expected
}

/**
 * Describes in one sentence for an operator what is missing, disabled or defined differently.
 * Undefined if nothing is. Additional objects are not drift, except triggers, rules and inheriting
 * tables that can change what is written or read. If the database has newer migrations that are
 * marked as compatible, differing definitions and additional triggers are accepted.
 */
export async function schemaDrift(database: Queryable): Promise<string | undefined> {
  const facts = new Map((await readSchemaFacts(database)).map((fact) => [fact.name, fact]))
  const faults = faultsOf(facts, true)
  if (faults.length === 0) return sequenceFault(database)
  // Read after the facts, so that a migration applied in between is seen.
  const { state, unknown } = await migrationState(database)
  if (state !== 'up-to-date') return undefined
  const found = unknown.length > 0 ? faultsOf(facts, false) : faults
  return found.length === 0 ? undefined : sentenceOf(found)
}

/** The only sequence, that of `job_states.id`. */
const SEQUENCE = 'job_states_id_seq'

/**
 * A restore sets the numbers of sequences after it creates them, and logical replication does not
 * copy them. Until they are set, the ids of new records already exist.
 */
async function sequenceFault(database: Queryable): Promise<string | undefined> {
  // The number is read after the snapshot is taken: records that are being written do not matter.
  const { rows } = await database.query<{ isBehind: boolean }>(
    `SELECT coalesce(last_value, 0) < coalesce((SELECT max(id) FROM public.job_states), 0) AS "isBehind"
     FROM pg_sequences WHERE schemaname = 'public' AND sequencename = '${SEQUENCE}'`,
  )
  if (!rows[0]?.isBehind) return undefined
  return (
    `The sequence ${SEQUENCE} is behind the ids of job_states: a restore is in progress or was incomplete. ` +
    `If it has ended, run "SELECT setval('${SEQUENCE}', max(id)) FROM job_states".`
  )
}

function faultsOf(facts: ReadonlyMap<string, SchemaFact>, comparesDefinitions: boolean): string[] {
  const faults = [...expectedFacts()].flatMap(([name, definition]) => {
    const fact = facts.get(name)
    if (fact === undefined) return [`${name} is missing`]
    if (fact.fault !== null) return [`${name} ${fact.fault}`]
    return comparesDefinitions && fact.definition !== definition ? [`${name} was changed`] : []
  })
  return comparesDefinitions ? [...faults, ...addedTriggers(facts)] : faults
}

/** It can replace the row that is written, or drop it without an error. */
const BEFORE_EACH_ROW = /^CREATE TRIGGER .* BEFORE (?:INSERT|UPDATE|DELETE) .* FOR EACH ROW /s

function addedTriggers(facts: ReadonlyMap<string, SchemaFact>): string[] {
  return [...facts.values()]
    .filter(({ name, fault, definition }) => {
      return fault === null && BEFORE_EACH_ROW.test(definition) && !expectedFacts().has(name)
    })
    .map(({ name }) => `${name} was added and can change or drop what is written`)
}

function sentenceOf(faults: readonly string[]): string {
  const named = faults.slice(0, MAX_NAMED).join(', ')
  const rest = faults.length > MAX_NAMED ? `, and ${faults.length - MAX_NAMED} more` : ''
  return `The database schema differs from its migrations: ${named}${rest}. Restore it from the migrations.`
}

/**
 * @throws MigrationError that says what to do, if this version cannot run on the schema or the
 * schema was altered
 */
export async function requireIntactSchema(database: Queryable): Promise<void> {
  await requireCurrentSchema(database)
  const drift = await schemaDrift(database)
  if (drift !== undefined) throw new MigrationError(drift)
}
