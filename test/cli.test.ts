// The command line as a person uses it; what `start` does is in main.slow.test.ts.
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
  it('lists its commands', async () => {
    const program = runProgram('src/cli.ts', {}, ['--help'])
    expect(await program.ended).toEqual({ code: 0, signal: null })
    for (const command of ['start', 'studio', 'migrate-down']) expect(program.stdout()).toContain(command)
  })

  it('refuses a seed that is not an integer', async () => {
    const program = runProgram('src/cli.ts', {}, ['seed', '--random', 'abc'])
    expect(await program.ended).toMatchObject({ code: 1 })
    expect(program.stderr()).toMatch(
      /'--random <number>' argument 'abc' is invalid. It must be an integer from 0 to 999999999\./,
    )
  })

  it('prints its version', async () => {
    const program = runProgram('src/cli.ts', {}, ['--version'])
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expect(program.stdout()).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('loads no part of the server for a client command, also to report its failure', async () => {
    const hook = `import { writeSync } from 'node:fs'
      export const load = (url, context, next) => (writeSync(2, url + '\\n'), next(url, context))`
    const loader = `data:text/javascript,${encodeURIComponent(hook)}`
    const start = `import { register } from 'node:module'; register(${JSON.stringify(loader)})`
    const environment = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(start)}` }
    const program = runProgram('src/cli.ts', environment, ['tail', '--state', 'unknown'])
    expect(await program.ended).toMatchObject({ code: 1 })
    expect(program.stderr()).toContain('--state must be one of')
    expect(program.stderr()).toContain('/dist/client/followJobEvents.js')
    expect(program.stderr()).not.toMatch(/node_modules\/(@pothos|graphql|graphql-yoga)\//)
  })

  it('does not know other commands', async () => {
    const program = runProgram('src/cli.ts', {}, ['fly'])
    expect(await program.ended).toEqual({ code: 1, signal: null })
    expect(program.stderr()).toBe(`error: unknown command 'fly'\nRun "jobledger --help" to see the options.\n`)
  })

  it.each([
    [['api-key', 'revoke'], 1, 'api-key revoke'],
    [['tail', '--loud'], 1, 'tail'],
    [['run'], 125, 'run'],
  ])('points to the help of the command that is misused: %j', async (words, code, command) => {
    const program = runProgram('src/cli.ts', {}, words)
    expect(await program.ended).toEqual({ code, signal: null })
    expect(program.stderr()).toMatch(new RegExp(`^error: .*\nRun "jobledger ${command} --help" to see the options.\n$`))
  })

  it.each(['run', 'worker', 'tail', 'demo'])(
    'says in the help of %s where the server and the credential are',
    async (command) => {
      const program = runProgram('src/cli.ts', {}, [command, '--help'])
      expect(await program.ended).toEqual({ code: 0, signal: null })
      const help = program.stdout().replaceAll(/\s+/g, ' ')
      for (const part of [
        'JOBLEDGER_URL, or http://localhost:4000/graphql',
        'JOBLEDGER_TOKEN,',
        'JOBLEDGER_TOKEN_FILE',
      ])
        expect(help).toContain(part)
    },
  )
})

describe('migrate-down', () => {
  it('takes back the latest migration and says which', async () => {
    const url = await makeDatabase()
    const program = runProgram('src/cli.ts', { DATABASE_URL: url }, ['migrate-down', '--yes'])
    expect(await program.ended).toEqual({ code: 0, signal: null })
    const { state, pending } = await onServer(url, (client) => migrationState(client))
    expect(state).toBe('behind')
    expect(program.stdout()).toBe(`Reverted ${pending.join()}.\n`)
  })

  it('fails with a sentence where no database answers', async () => {
    const program = runProgram('src/cli.ts', { DATABASE_URL: 'postgresql://user:geheim@127.0.0.1:1/name' }, [
      'migrate-down',
    ])
    expect(await program.ended).toEqual({ code: 1, signal: null })
    expect(program.stderr()).toMatch(/^No database server responds at 127\.0\.0\.1:1 [^\n]*\n$/)
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
