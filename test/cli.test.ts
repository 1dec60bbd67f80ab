// The command line as a person uses it; what `start` does is in main.test.ts.
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { migrationState } from '../src/database/migrations.ts'
import { createTestDatabase, type TestDatabase } from './support/database.ts'
import { endPrograms, runProgram } from './support/program.ts'
import { temporaryDirectory } from './support/temporaryDirectory.ts'
import { onServer } from './support/testRun.ts'

const dataDir = temporaryDirectory('jobledger-cli-')
const databases: TestDatabase[] = []

afterEach(async () => {
  await endPrograms()
  for (const database of databases.splice(0)) await database.drop()
})

afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

async function makeDatabase(): Promise<string> {
  const database = await createTestDatabase()
  databases.push(database)
  return database.url
}

describe('jobledger', () => {
  it('tells its commands', async () => {
    const program = runProgram('src/cli.ts', {}, ['--help'])
    expect(await program.ended).toEqual({ code: 0, signal: null })
    for (const command of ['start', 'studio', 'migrate-down']) expect(program.stdout()).toContain(command)
  })

  it('prints its version', async () => {
    const program = runProgram('src/cli.ts', {}, ['--version'])
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expect(program.stdout()).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('does not know other commands', async () => {
    const program = runProgram('src/cli.ts', {}, ['fly'])
    expect(await program.ended).toEqual({ code: 1, signal: null })
    expect(program.stderr()).toContain("unknown command 'fly'")
  })
})

describe('migrate-down', () => {
  it('takes back the latest migration and says which', async () => {
    const url = await makeDatabase()
    const program = runProgram('src/cli.ts', { DATABASE_URL: url }, ['migrate-down', '--yes'])
    expect(await program.ended).toEqual({ code: 0, signal: null })
    const { state, pending } = await onServer(url, (client) => migrationState(client))
    expect(state).toBe('behind')
    expect(program.stdout()).toBe(`Took back ${pending.join()}.\n`)
  })

  it('fails with a sentence where no database answers', async () => {
    const program = runProgram('src/cli.ts', { DATABASE_URL: 'postgresql://user:geheim@127.0.0.1:1/name' }, [
      'migrate-down',
    ])
    expect(await program.ended).toEqual({ code: 1, signal: null })
    expect(program.stderr()).toMatch(/^No database server answers at 127\.0\.0\.1:1 [^\n]*\n$/)
  })
})

describe('studio', () => {
  it('shows the embedded database, and stops it when it is stopped', { timeout: 90_000 }, async () => {
    const port = await freePort()
    const program = runProgram('src/cli.ts', { DATA_DIR: dataDir }, [
      'studio',
      '--port',
      String(port),
      '--browser',
      'none',
    ])
    await program.says(/Prisma Studio is running at/)
    expect(program.stdout()).toContain(`Prisma Studio shows ${dataDir} `)
    expect((await fetch(`http://localhost:${port}`)).status).toBe(200)
    program.process.kill('SIGTERM')
    expect(await program.ended).toEqual({ code: 0, signal: null })
    await expect(fetch(`http://localhost:${port}`)).rejects.toThrow()
  })
})

async function freePort(): Promise<number> {
  return await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
