// An unwritable EVENTS_FILE, at start and while the server runs.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { readableLog } from '../maintenance/logLines.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { newJob } from '../support/factories.ts'
import { endPrograms, runProgram } from '../support/program.ts'
import { startTestServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'

const folder = temporaryDirectory('jobledger-events-')
const isRoot = process.getuid?.() === 0
let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterEach(endPrograms)
afterAll(async () => {
  await database.drop()
  rmSync(folder, { recursive: true, force: true })
})

describe('EVENTS_FILE', () => {
  it.each<[path: string, fault: (path: string) => string]>([
    [join(folder, 'missing', 'events.ndjson'), (path: string) => `ENOENT: no such file or directory, open '${path}'`],
    [folder, (path: string) => `EISDIR: illegal operation on a directory, open '${path}'`],
    [join(folder, 'pipe'), (path: string) => `'${path}' is not a regular file`],
    ['/dev/null', (path: string) => `'${path}' is not a regular file`],
    // Only root may open it.
    [
      '/proc/version',
      () => (isRoot ? 'EINVAL: invalid argument, fdatasync' : "EACCES: permission denied, open '/proc/version'"),
    ],
  ])('that is %s, which cannot be appended to, keeps the server from starting', async (path, fault) => {
    if (path.endsWith('pipe')) execFileSync('mkfifo', [path])
    const environment = { DATABASE_URL: database.url, AUTH: 'open', PORT: '0', EVENTS_FILE: path }
    const program = runProgram('src/main.ts', environment)
    expect(await program.ended).toEqual({ code: 1, signal: null })
    expect(program.stderr()).toBe(`EVENTS_FILE is not writable: ${fault(path)}.\n`)
  })

  it('leaves the server ready while it is unwritable, is reported, and gets every event afterwards', async () => {
    mkdirSync(join(folder, 'there'))
    const path = join(folder, 'there', 'events.ndjson')
    const { log, lines } = readableLog()
    const server = await startTestServer({ databaseUrl: database.url, environment: { EVENTS_FILE: path }, log })
    const [first, second] = [await newJob(server.ledger), await newJob(server.ledger)]
    const written = (): string[] =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line).jobId)
    await eventually(() => expect(written()).toEqual([first.id, second.id]))
    renameSync(join(folder, 'there'), join(folder, 'away'))
    const third = await newJob(server.ledger)
    await eventually(() =>
      expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', consumer: `file:${path}` })),
    )
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    const { data } = await server.request('{ consumers { name lagRecords } }')
    expect(data.consumers).toContainEqual({ name: `file:${path}`, lagRecords: 1 })
    renameSync(join(folder, 'away'), join(folder, 'there'))
    await eventually(() => expect(written()).toEqual([first.id, second.id, third.id]))
    await server.close()
  })
})
