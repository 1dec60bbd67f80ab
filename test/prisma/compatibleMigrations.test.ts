// Servers of an older version keep running while a migration is applied. Each migration after the
// initial ones says whether those servers work with it. What it says is checked: everything that an
// older server reads, writes or looks for in its check of the schema is still there.
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readSchemaFacts } from '../../src/database/schemaFacts.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { databaseShape } from '../support/databaseShape.ts'
import { LAST_INITIAL, MIGRATIONS, migrationSql } from '../support/migrationSql.ts'

let database: TestDatabase
let client: pg.Client

beforeEach(async () => {
  database = await createTestDatabase({ empty: true })
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
})

afterEach(async () => {
  await client.end()
  await database.drop()
})

/** Callers may omit it. */
const OPTIONAL_ARGUMENT = /(, )?\w+ \w+( \w+)* DEFAULT [^,)]+/g

/**
 * Tables and views, columns with their types, functions with their arguments and results, values of
 * enums.
 */
function interfaceOf(shape: readonly string[]): string[] {
  return shape.flatMap((line) => {
    const [kind, name = ''] = line.split(' ')
    if (kind === 'relation') return [`relation ${name}`]
    if (kind === 'column') return [line.replace(/ (not )?null default .*$/, '')]
    if (kind === 'function') return [line.split('\n').slice(0, 2).join(' ').replaceAll(OPTIONAL_ARGUMENT, '')]
    if (kind === 'enum')
      return line
        .slice(`enum ${name} `.length)
        .split(',')
        .map((value) => `enum ${name} ${value}`)
    return []
  })
}

/** Columns that a statement must name: NOT NULL without a default. */
function requiredColumns(shape: readonly string[]): string[] {
  return shape
    .filter((line) => /^column .* not null default {2}identity {2}generated $/.test(line))
    .map((line) => line.split(' ')[1] ?? '')
}

/**
 * Applies the migration. Returns what breaks older servers: definitions that they use and that are
 * gone, and new required columns.
 */
async function breakages(sql: string): Promise<string[]> {
  const before = await databaseShape(database.url)
  const guards = await guardNames()
  await client.query(sql)
  const after = await databaseShape(database.url)
  const keptGuards = await guardNames()
  const kept = interfaceOf(after)
  const knownTables = interfaceOf(before).filter((part) => part.startsWith('relation '))
  const required = requiredColumns(before)
  const newlyRequired = requiredColumns(after).filter(
    (column) =>
      !required.includes(column) && knownTables.includes(`relation ${column.slice(0, column.lastIndexOf('.'))}`),
  )
  return [
    ...interfaceOf(before).filter((part) => !kept.includes(part)),
    ...guards.filter((name) => !keptGuards.includes(name)),
    ...newlyRequired,
  ]
}

/** Servers are not ready without the triggers, constraints and indexes that they know. */
async function guardNames(): Promise<string[]> {
  const facts = await readSchemaFacts(client)
  return facts.map(({ name }) => name).filter((name) => /^(?:trigger|constraint|index) /.test(name))
}

async function applyUpTo(isLast: (name: string) => boolean): Promise<void> {
  for (const name of MIGRATIONS) {
    await client.query(migrationSql(name))
    if (isLast(name)) return
  }
}

describe('a migration', () => {
  it.each([
    ['adds a nullable column', 'ALTER TABLE jobs ADD COLUMN colour text', []],
    ['adds a column with a default', 'ALTER TABLE jobs ADD COLUMN colour text NOT NULL DEFAULT 0', []],
    ['adds a table', 'CREATE TABLE colours (name text NOT NULL)', []],
    ['adds a required column', 'ALTER TABLE jobs ADD COLUMN colour text NOT NULL', ['jobs.colour']],
    ['drops a column', 'ALTER TABLE job_states DROP COLUMN error', ['column job_states.error text']],
    [
      'changes a type',
      'ALTER TABLE job_results ALTER error_message TYPE varchar(9)',
      ['column job_results.error_message text'],
    ],
    ['drops a trigger', 'DROP TRIGGER guard_update ON jobs', ['trigger jobs.guard_update']],
    ['drops an index', 'DROP INDEX ix_jobs_preset', ['index ix_jobs_preset']],
    ['drops a table', 'DROP TABLE job_results', expect.arrayContaining(['relation job_results'])],
  ])('that %s breaks older servers or not', async (_, sql, expected) => {
    await applyUpTo((name) => name === LAST_INITIAL)
    expect(await breakages(sql)).toEqual(expected)
  })

  it('that is not an initial one is marked as compatible and breaks nothing, or says why it is not', async () => {
    await applyUpTo((name) => name === LAST_INITIAL)
    for (const name of MIGRATIONS.filter((other) => other > LAST_INITIAL)) {
      const broken = await breakages(migrationSql(name))
      const { rowCount } = await client.query('SELECT FROM jobledger.compatible_migrations WHERE name = $1', [name])
      const hasReason = /^-- Incompatible with older servers: \S/m.test(migrationSql(name))
      expect({ name, marked: rowCount === 1, broken: hasReason ? [] : broken }).toEqual({
        name,
        marked: !hasReason,
        broken: [],
      })
    }
  })
})
