// Whether a database still is what its migrations made of it. Prisma's own comparison does not see triggers, functions, CHECKs and the
// predicates of indexes. What must be there is in prisma/schema-facts.txt, a line for each part of the schema: its name and the digest of its
// definition. After a new migration: npx vitest run test/database/schemaDrift.test.ts -u
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MigrationError, migrationState, type Queryable, requireCurrentSchema } from './migrations.ts'
import { PACKAGE_ROOT } from './packageRoot.ts'
import { digest, readSchemaFacts, type SchemaFact } from './schemaFacts.ts'

export const FACTS_FILE = join(PACKAGE_ROOT, 'prisma', 'schema-facts.txt')

/** Parts of the schema that a sentence names. */
const MAX_NAMED = 5

/** The text of the file for the parts of a freshly migrated database. */
export function factsText(facts: readonly SchemaFact[]): string {
  return `${facts
    .map(({ name, definition }) => `${digest(definition)} ${name}`)
    .sort()
    .join('\n')}\n`
}

let expected: ReadonlyMap<string, string> | undefined

/** The digest of each part by its name. */
function expectedFacts(): ReadonlyMap<string, string> {
  expected ??= new Map(
    readFileSync(FACTS_FILE, 'utf8')
      .trim()
      .split('\n')
      .map((line) => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))]),
  )
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
  return [...expectedFacts()].flatMap(([name, expectedDigest]) => {
    const fact = facts.get(name)
    if (fact === undefined) return [`${name} is missing`]
    if (!fact.inForce) return [`${name} is not in force`]
    return comparesDefinitions && digest(fact.definition) !== expectedDigest ? [`${name} was changed`] : []
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
