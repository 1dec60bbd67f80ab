// The file `.env` of a folder that may belong to others: which settings are read from it, what it
// cannot do, and what child processes get.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { COMPOSE_VARIABLES } from '../../src/config/envFile.ts'
import { VARIABLE_NAMES } from '../../src/config.ts'
import { startEmbedded } from '../../src/database/embedded/startEmbedded.ts'
import { endPrograms, runProgram } from '../support/program.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'
import { onServer } from '../support/testRun.ts'

// Starting processes is slow on a busy machine.
vi.setConfig({ testTimeout: 180_000 })

const dir = mkdtempSync(join(tmpdir(), 'jobledger-env-'))
afterEach(endPrograms)
afterAll(() => rmSync(dir, { recursive: true }))

/** Creates a folder with this `.env`. */
function folder(...lines: string[]): string {
  const path = mkdtempSync(join(dir, 'folder-'))
  writeFileSync(join(path, '.env'), lines.join('\n'))
  return path
}

async function jobledger(words: string[], environment: Record<string, string>, cwd: string) {
  const program = runProgram('src/cli.ts', environment, words, { cwd })
  const { code } = await program.ended
  return { code, stdout: program.stdout(), stderr: program.stderr() }
}

/** A server without GraphQL that counts its requests. */
async function countingServer() {
  const authorizations: (string | undefined)[] = []
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization)
    response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`
  return { url, authorizations, close: () => server.close() }
}

describe('a credential', () => {
  it('is never sent to a server that only .env names, unless .env also has the credential', async () => {
    const server = await countingServer()
    const cwd = folder(`JOBLEDGER_URL=${server.url}`)
    for (const words of [['tail'], ['worker', '--exec', 'true'], ['run', '--', 'true']]) {
      const { code, stderr } = await jobledger(words, { JOBLEDGER_TOKEN: 'real' }, cwd)
      expect(code).toBe(words[0] === 'run' ? 125 : 1)
      expect(stderr).toContain(
        'JOBLEDGER_URL is set in the file .env, but JOBLEDGER_TOKEN in the environment: a credential is not sent to a server that ' +
          'only .env names. Set JOBLEDGER_URL in the environment, or use --url.',
      )
    }
    expect(server.authorizations).toEqual([])
    await jobledger(['tail'], {}, folder(`JOBLEDGER_URL=${server.url}`, 'JOBLEDGER_TOKEN=theirs'))
    await jobledger(['tail', '--url', server.url], { JOBLEDGER_TOKEN: 'real' }, cwd)
    await jobledger(['tail'], { JOBLEDGER_TOKEN: 'real', JOBLEDGER_URL: server.url }, cwd)
    expect(server.authorizations).toEqual(['Bearer theirs', 'Bearer real', 'Bearer real'])
    server.close()
  })

  it('from PGPASSWORD is not sent to a database that only .env names', async () => {
    const cwd = folder('DATABASE_URL=postgresql://ada@127.0.0.1:1/name')
    const { code, stderr } = await jobledger(['rollup'], { PGPASSWORD: 'real' }, cwd)
    expect([code, stderr]).toEqual([1, expect.stringContaining('PGPASSWORD is set in the environment. It is not sent')])
    const given = await jobledger(['rollup'], {}, cwd)
    expect(given.stderr).toContain('No database server responds at 127.0.0.1:1')
  })
})

describe('an unknown name in .env', () => {
  it('stops a server and its commands with an error that names the nearest setting', async () => {
    const cwd = folder('AUTH=open', 'STATSD_HOST=10.0.0.1', 'TEST_DATABASE_URL=postgresql://127.0.0.1/a')
    for (const words of [['start'], ['rollup'], ['maintain', '--once']]) {
      const { code, stderr } = await jobledger(words, {}, cwd)
      expect([code, stderr.split('\n').slice(0, 2)]).toEqual([
        1,
        [
          'STATSD_HOST in the file .env is not a setting of Jobledger; the nearest one is HOST. docs/configuration.md lists all settings.',
          'TEST_DATABASE_URL in the file .env is not a setting of Jobledger; the nearest one is DATABASE_URL. docs/configuration.md lists ' +
            'all settings.',
        ],
      ])
    }
  })

  it('is accepted if docker compose reads it', async () => {
    const compose = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8')
    const names = [...new Set([...compose.matchAll(/\$\{(\w+)/g)].map(([, name]) => name as string))]
    expect(names.filter((name) => !VARIABLE_NAMES.includes(name)).sort()).toEqual([...COMPOSE_VARIABLES].sort())
    const given = names.map((name) => (VARIABLE_NAMES.includes(name) ? `${name}=` : `${name}=x`))
    const cwd = folder(...given, 'COMPOSE_PROJECT_NAME=x', 'DOCKER_HOST=x', 'DATABASE_URL=postgresql://127.0.0.1:1/a')
    const { code, stderr } = await jobledger(['rollup'], {}, cwd)
    expect([code, stderr]).toEqual([1, expect.stringContaining('No database server responds at 127.0.0.1:1')])
  })

  it('is ignored by client commands, whose folder may belong to another program', async () => {
    const server = await countingServer()
    const cwd = folder('STATSD_HOST=10.0.0.1', `JOBLEDGER_URL=${server.url}`)
    const { stderr } = await jobledger(['tail'], {}, cwd)
    expect(stderr).not.toContain('STATSD_HOST')
    expect(server.authorizations).toEqual([undefined])
    server.close()
  })
})

describe('a name that looks like a setting', () => {
  it.each([
    [
      'DATABASE_URI=postgresql://127.0.0.1/a',
      'DATABASE_URI in the file .env is not a setting of Jobledger. Did you mean DATABASE_URL?',
    ],
    ['log_level=debug', 'log_level in the file .env is not a setting of Jobledger. Did you mean LOG_LEVEL?'],
    ['PROT=4711', 'PROT in the file .env is not a setting of Jobledger. Did you mean PORT?'],
    [
      'REQUEST_TIMEOUT=5000',
      'REQUEST_TIMEOUT in the file .env is not a setting of Jobledger. Did you mean REQUEST_TIMEOUT_MS?',
    ],
    [
      'DATABASE_POOL=5',
      'DATABASE_POOL in the file .env is not a setting of Jobledger. Did you mean DATABASE_POOL_MIN, DATABASE_POOL_MAX, or ' +
        'DATABASE_POOL_MAX_LIFETIME_SECONDS?',
    ],
  ])('is refused in .env: %s', async (line, sentence) => {
    const { code, stderr } = await jobledger(['rollup'], {}, folder('AUTH=open', line, 'COMPOSE_PROJECT_NAME=other'))
    expect([code, stderr]).toEqual([1, `${sentence}\n`])
  })

  it('is refused in the environment if that setting is not set', async () => {
    const DATABASE_URL = 'postgresql://127.0.0.1:1/a'
    const wrong = { DATABASE_URL, LIMIT_PAGE_SIZES: '7', PROT: '1', JOBLEDGER_PORT: 'tcp://10.0.0.1:4000' }
    const { code, stderr } = await jobledger(['rollup'], wrong, folder())
    expect([code, stderr]).toEqual([
      1,
      'LIMIT_PAGE_SIZES is not a setting of Jobledger. Did you mean LIMIT_PAGE_SIZE?\n',
    ])
    const both = await jobledger(['rollup'], { ...wrong, LIMIT_PAGE_SIZE: '20' }, folder())
    expect(both.stderr).toContain('No database server responds')
    const short = await jobledger(['rollup'], { DATABASE_URL, SHUTDOWN_TIMEOUT: '5' }, folder())
    expect([short.code, short.stderr]).toEqual([
      1,
      'SHUTDOWN_TIMEOUT is not a setting of Jobledger. Did you mean SHUTDOWN_TIMEOUT_MS?\n',
    ])
  })
})

describe('a child process', () => {
  it('gets nothing from .env, and no secrets of the parent unless they are passed on', async () => {
    const cwd = folder(
      'NODE_OPTIONS=--require=/nonexistent',
      'LD_PRELOAD=/nonexistent.so',
      'PATH=/nowhere',
      'DATA_DIR=x',
    )
    const script = join(cwd, 'script.sh')
    writeFileSync(script, '#!/bin/sh\nenv\n')
    chmodSync(script, 0o700)
    const environment = {
      OWN: 'x',
      DATABASE_URL: 'postgresql://ada:hush-hush@127.0.0.1/name',
      PGPASSWORD: 'hush-hush',
      PGPASSFILE: '/hush-hush',
      AUTH_JWT_SECRET: 'hush-hush'.repeat(4),
      JOBLEDGER_TOKEN: 'hush-hush',
      JOBLEDGER_URL: 'http://127.0.0.1:1/graphql',
      JOBLEDGER_SPOOL: join(cwd, 'spool'),
    }
    const { code, stdout } = await jobledger(['run', '--', script], environment, cwd)
    expect([code, stdout]).toEqual([0, expect.stringContaining('OWN=x\n')])
    expect(stdout).not.toMatch(/hush-hush|nonexistent|nowhere|DATA_DIR/)
    const passed = await jobledger(['run', '--pass-env', 'DATABASE_URL', '--', script], environment, cwd)
    expect(passed.stdout).toContain('DATABASE_URL=postgresql://ada:hush-hush@')
    expect(passed.stdout).not.toMatch(/PGPASS|AUTH_JWT_SECRET|JOBLEDGER_TOKEN/)
    const password = await jobledger(['run', '--pass-env', 'PGPASSWORD', '--', script], environment, cwd)
    expect(password.stdout).toContain('PGPASSWORD=hush-hush\n')
    expect(password.stdout).not.toMatch(/PGPASSFILE|DATABASE_URL/)
  })
})

describe('MIGRATE_LOCK_TIMEOUT_MS of .env', () => {
  it('limits how long migrations of the embedded database wait', async () => {
    const dataDir = temporaryDirectory('jobledger-env-data-')
    const log = { info: () => undefined, warn: console.warn }
    const server = await startEmbedded({ dataDir, settings: { fsync: 'off' }, log })
    const cwd = folder(`DATA_DIR=${dataDir}`, 'MIGRATE_LOCK_TIMEOUT_MS=200')
    try {
      await onServer(server.url, async (client) => {
        await client.query('SELECT pg_advisory_lock(72707369)')
        const { code, stderr } = await jobledger(['api-key', 'list'], {}, cwd)
        expect([code, stderr]).toEqual([
          1,
          expect.stringContaining('Waited 200 ms for a lock (MIGRATE_LOCK_TIMEOUT_MS).'),
        ])
      })
    } finally {
      await server.stop()
      rmSync(dataDir, { recursive: true, force: true })
    }
  })
})
