// Whether the schema of a database is what its migrations made. Prisma's own comparison does not see triggers, functions, CHECKs and the
// predicates of indexes. prisma/schema.sql has what must be there.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MigrationError, migrationState, requireCurrentSchema } from './migrations.ts'
import { PACKAGE_ROOT } from './packageRoot.ts'
import type { Queryable } from './queryable.ts'
import { readSchemaFacts, type SchemaFact } from './schemaFacts.ts'

/** All definitions of a migrated database, each below a comment with its name. Written by the test of this module. */
export const SCHEMA_FILE = join(PACKAGE_ROOT, 'prisma', 'schema.sql')

/** Parts of the schema that a sentence names. */
const MAX_NAMED = 5

const HEADER = `-- The schema that the migrations make, for review and for the server to compare. Generated, after a new migration:
-- npx vitest run test/database/schemaDrift.test.ts -u
`

/** The text of the file for a freshly migrated database. */
export function schemaText(facts: readonly SchemaFact[]): string {
  return [HEADER, ...facts.map(({ name, definition }) => `-- ${name}\n${definition};\n`)].join('\n')
}

/** A comment that names a part. Comments in the bodies of functions are indented. */
const NAME = /^-- ((?:schema|type|sequence|function|table|column|constraint|index|trigger|setting) \S+)\n/gm

let expected: ReadonlyMap<string, string> | undefined

/** The definition of each part by its name. */
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
 * What is missing, not in force or defined differently, in one sentence for an operator; undefined if nothing is. What was added is no
 * drift. Where the database has newer migrations that are marked as compatible, they may have replaced definitions.
 */
export async function schemaDrift(database: Queryable): Promise<string | undefined> {
  const facts = new Map((await readSchemaFacts(database)).map((fact) => [fact.name, fact]))
  const faults = faultsOf(facts, true)
  if (faults.length === 0) return undefined
  // After the facts: a migration that was applied in between is seen.
  const { state, unknown } = await migrationState(database)
  if (state !== 'up-to-date') return undefined
  const found = unknown.length > 0 ? faultsOf(facts, false) : faults
  return found.length === 0 ? undefined : sentenceOf(found)
}

function faultsOf(facts: ReadonlyMap<string, SchemaFact>, comparesDefinitions: boolean): string[] {
  return [...expectedFacts()].flatMap(([name, definition]) => {
    const fact = facts.get(name)
    if (fact === undefined) return [`${name} is missing`]
    if (!fact.inForce) return [`${name} is not in force`]
    return comparesDefinitions && fact.definition !== definition ? [`${name} was changed`] : []
  })
}

function sentenceOf(faults: readonly string[]): string {
  const named = faults.slice(0, MAX_NAMED).join(', ')
  const rest = faults.length > MAX_NAMED ? `, and ${faults.length - MAX_NAMED} more` : ''
  return `The database schema is not what its migrations made: ${named}${rest}. Restore it from the migrations.`
}

/** @throws MigrationError that says what to do, unless the schema is one that this version can run on, and nobody has changed it. */
export async function requireIntactSchema(database: Queryable): Promise<void> {
  await requireCurrentSchema(database)
  const drift = await schemaDrift(database)
  if (drift !== undefined) throw new MigrationError(drift)
}
