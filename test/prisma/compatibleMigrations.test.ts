// Servers of older versions go on running while a migration is applied. Each migration says whether they can live with it, and what says so
// is checked: whatever an older server reads or writes is still there.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { databaseShape } from '../support/databaseShape.ts'
import { MIGRATIONS, migrationSql } from '../support/migrationSql.ts'

const FIRST_MARKED = '20261127000000_compatible_migrations'

interface Step {
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly isMarked: boolean
}

let database: TestDatabase
const steps = new Map<string, Step>()

beforeAll(async () => {
  database = await createTestDatabase({ empty: true })
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  for (const name of MIGRATIONS) {
    const before = name < FIRST_MARKED ? [] : await databaseShape(database.url)
    await client.query(migrationSql(name))
    if (name < FIRST_MARKED) continue
    const { rowCount } = await client.query('SELECT FROM compatible_migrations WHERE name = $1', [name])
    steps.set(name, { before, after: await databaseShape(database.url), isMarked: rowCount === 1 })
  }
  await client.end()
})

afterAll(() => database.drop())

/** Callers of before need not name it. */
const OPTIONAL_ARGUMENT = /(, )?\w+ \w+( \w+)* DEFAULT [^,)]+/g

/** Tables and views, columns with their types, functions with their arguments and results, values of enums. */
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

/** Columns that a statement of an older server, which does not name them, cannot leave out. */
function columnsToFill(shape: readonly string[]): string[] {
  return shape
    .filter((line) => /^column .* not null default {2}identity {2}generated $/.test(line))
    .map((line) => line.split(' ')[1] ?? '')
}

const nameOfTable = (column: string): string => column.split('.')[0] ?? ''

const MARKED = MIGRATIONS.filter((name) => name >= FIRST_MARKED)

describe.each(MARKED)('the migration %s', (name) => {
  it('is marked as compatible with older servers, or says why it is not', () => {
    const reason = /^-- Incompatible with older servers: \S/m.test(migrationSql(name))
    expect({ marked: steps.get(name)?.isMarked, reason }).toEqual(
      reason ? { marked: false, reason } : { marked: true, reason },
    )
  })

  it('keeps all that older servers use, if it is marked', () => {
    const { before, after, isMarked } = steps.get(name) as Step
    if (!isMarked) return
    const there = interfaceOf(after)
    expect(interfaceOf(before).filter((part) => !there.includes(part))).toEqual([])
    const tables = before.filter((line) => line.startsWith('relation ')).map((line) => line.split(' ')[1])
    const filled = columnsToFill(before)
    const added = columnsToFill(after).filter((column) => !filled.includes(column))
    expect(added.filter((column) => tables.includes(nameOfTable(column)))).toEqual([])
  })
})
