// The API key commands as processes: their output for pipes and people, and where the key does not
// appear.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createApiKey, findApiKey, listApiKeys, recordApiKeyUse } from '../../src/access/apiKeys.ts'
import { type CreateApiKeyOptions, createKey, listKeys, revokeKey } from '../../src/commands/apiKey.ts'
import { startBulkAction } from '../../src/ledger/startBulkAction.ts'
import * as output from '../../src/standardOutput.ts'
import { createTestDatabase } from '../support/database.ts'
import { openTestLedger, type TestLedger } from '../support/factories.ts'
import { endPrograms, type Program, runProgram } from '../support/program.ts'
import { temporaryDirectory } from '../support/temporaryDirectory.ts'

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

const DAY_MS = 86_400_000
const KEY = /^jl_[A-Za-z0-9_-]{43}\n$/
const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`

let ledger: TestLedger
let session: pg.Client

beforeAll(async () => {
  ledger = await openTestLedger()
  session = await ledger.session()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await endPrograms()
})
afterAll(() => ledger.close())

function start(words: string[], environment: Record<string, string> = { DATABASE_URL: ledger.url }): Program {
  return runProgram('src/cli.ts', environment, ['api-key', ...words])
}

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function run(words: string[], environment?: Record<string, string>): Promise<Outcome> {
  const program = start(words, environment)
  const { code } = await program.ended
  return { code, stdout: program.stdout(), stderr: program.stderr() }
}

/** Every row of every table as text, with bytes in hexadecimal. */
async function wholeDatabase(): Promise<string> {
  const { rows } = await session.query<{ name: string }>(
    "SELECT oid::regclass AS name FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('public', 'jobledger')",
  )
  const lines: string[] = []
  for (const { name } of rows) {
    const { rows: all } = await session.query(`SELECT to_jsonb(t)::text AS line FROM ${name} AS t`)
    lines.push(...all.map(({ line }) => `${name} ${line}`))
  }
  return lines.join('\n')
}

/** The command lines of all processes. */
const processes = (): string => execFileSync('ps', ['-axww', '-o', 'args'], { encoding: 'utf8', timeout: 10_000 })

describe('api-key create', () => {
  it('writes only the key to stdout, once, and notes to stderr', async () => {
    const before = Date.now()
    const { code, stdout, stderr } = await run([
      'create',
      'ci@build',
      '--roles',
      'worker, USER',
      '--user',
      'ada',
      '--expires',
      '1.5',
    ])
    expect([code, stdout]).toEqual([0, expect.stringMatching(KEY)])
    expect(stderr).toBe('The key ci@build (USER, WORKER) is shown only once. Send it as: Authorization: Bearer <key>\n')
    const apiKey = await findApiKey(ledger.prisma, stdout.trim())
    expect(apiKey).toMatchObject({ name: 'ci@build', roles: ['USER', 'WORKER'], userId: 'ada', revokedAt: null })
    expect(Number(apiKey?.expiresAt)).toBeGreaterThanOrEqual(before + 1.5 * DAY_MS)
    expect(Number(apiKey?.expiresAt)).toBeLessThanOrEqual(Date.now() + 1.5 * DAY_MS)
  })

  it('creates a key that appears nowhere else: not in the list, the database or the processes', async () => {
    const program = start(['create', 'hidden', '--roles', 'AUDITOR'])
    const seen: string[] = []
    let over = false
    void program.ended.then(() => {
      over = true
    })
    while (!over) {
      seen.push(processes())
      await sleep(20)
    }
    const key = program.stdout().trim()
    expect(key).toMatch(/^jl_/)
    const traces = [
      key.slice(3),
      Buffer.from(key).toString('hex'),
      Buffer.from(key.slice(3), 'base64url').toString('hex'),
    ]
    const list = await run(['list'])
    const stored = await wholeDatabase()
    for (const [place, text] of Object.entries({ processes: seen.join(), list: list.stdout + list.stderr, stored })) {
      for (const trace of traces) expect(text.includes(trace), place).toBe(false)
    }
    // These are the right places: each shows what it may.
    const hash = createHash('sha256').update(key).digest('hex')
    expect(seen.join().includes('api-key create hidden')).toBe(true)
    expect(list.stdout).toContain('hidden')
    expect(list.stdout).not.toContain(hash.slice(0, 16))
    expect(stored).toContain(hash)
  })

  it('refuses an unknown role in one sentence', async () => {
    const before = await listApiKeys(ledger.prisma)
    expect(await run(['create', 'bad', '--roles', 'USER,ROOT', '--user', 'ada'])).toEqual({
      code: 1,
      stdout: '',
      stderr: '--roles must be one or more of USER, WORKER, AUDITOR, ADMIN (got "ROOT").\n',
    })
    expect(await listApiKeys(ledger.prisma)).toEqual(before)
  })

  const badDays = (came: string): [string, CreateApiKeyOptions, string] => [
    'bad',
    { roles: 'ADMIN', expires: came },
    `--expires must be a positive number of days, at most 36500 (got "${came}").`,
  ]

  it.each<[string, CreateApiKeyOptions, string]>([
    [
      'with space',
      { roles: 'USER' },
      '<name> must be 1 to 150 letters, digits and . _ - @ (got "with space"). ' +
        '--user is required with the role USER, which is limited to the jobs of one user.',
    ],
    ...['soon', '0', '36501'].map(badDays),
  ])('called as a function, refuses %s with %o, and makes nothing', async (name, options, sentence) => {
    vi.stubEnv('DATABASE_URL', ledger.url)
    const before = await listApiKeys(ledger.prisma)
    await expect(createKey(name, options)).rejects.toMatchObject({ message: sentence })
    expect(await listApiKeys(ledger.prisma)).toEqual(before)
  })

  it('refuses a used name in one sentence', async () => {
    await createApiKey(ledger.prisma, { name: 'taken', roles: ['ADMIN'] })
    expect(await run(['create', 'taken', '--roles', 'ADMIN'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'A key named taken already exists. Names are never reused, because records contain them.\n',
    })
  })

  it('requires roles', async () => {
    expect(await run(['create', 'bare'])).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: required option \'--roles <roles>\' not specified\nRun "jobledger api-key create --help" to see the options.\n',
    })
  })
})

describe('api-key revoke', () => {
  it('revokes the key and reports the time, also on a second call', async () => {
    const { key } = await createApiKey(ledger.prisma, { name: 'leaked', roles: ['ADMIN'] })
    const first = await run(['revoke', 'leaked'])
    const revokedAt = (await findApiKey(ledger.prisma, key))?.revokedAt
    expect(revokedAt).toBeInstanceOf(Date)
    expect(first).toEqual({
      code: 0,
      stdout: `The key leaked was revoked at ${revokedAt?.toISOString()}; servers refuse it within seconds.\n`,
      stderr: '',
    })
    expect(await run(['revoke', 'leaked'])).toEqual(first)
    expect((await findApiKey(ledger.prisma, key))?.revokedAt).toEqual(revokedAt)
  })

  it('lists the running bulk actions of the key, and how to end them', async () => {
    for (const name of ['bulk', 'other']) await createApiKey(ledger.prisma, { name, roles: ['ADMIN'] })
    const input = { action: 'CANCEL', filter: { userId: 'none' }, reason: 'r', expectedCount: 0 } as const
    const { bulkAction } = await startBulkAction(ledger, { ...input, actor: 'key:bulk' })
    await startBulkAction(ledger, { ...input, actor: 'key:other' })
    const { code, stdout } = await run(['revoke', 'bulk'])
    expect(code).toBe(0)
    const { id } = bulkAction
    const ending = `The bulk action ${id} of this key continues. To end it: jobledger jobs abort ${id}`
    expect(stdout.split('\n').slice(1)).toEqual([ending, ''])
  })

  it('fails with a sentence for an unknown key', async () => {
    expect(await run(['revoke', 'nobody'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'There is no key named nobody.\n',
    })
  })
})

describe('api-key list', () => {
  it('shows all keys and their status, oldest first', async () => {
    const { prisma } = ledger
    const used = await createApiKey(prisma, { name: 'list-used', roles: ['USER', 'WORKER'], userId: 'brandt' })
    await recordApiKeyUse(ledger.sql, used.apiKey.id)
    await createApiKey(prisma, { name: 'list-ended', roles: ['ADMIN'] })
    await session.query("UPDATE api_keys SET expires_at = '2020-01-01Z' WHERE name = 'list-ended'")
    await createApiKey(prisma, { name: 'list-ends', roles: ['ADMIN'], expiresAt: new Date('2100-01-01') })
    await createApiKey(prisma, { name: 'list-a-gone', roles: ['AUDITOR'] })
    await session.query("UPDATE api_keys SET revoked_at = now(), expires_at = '2020-01-01Z' WHERE name = 'list-a-gone'")
    const { code, stdout, stderr } = await run(['list'])
    expect([code, stderr]).toEqual([0, ''])
    const cells = stdout.split('\n').map((line) => line.split(/ {2,}/))
    const headings = cells.find((row) => row.includes('name')) ?? []
    expect(headings).toEqual(['name', 'roles', 'user', 'created', 'expires', 'last used', 'state'])
    const time = expect.stringMatching(new RegExp(`^${TIME}$`))
    expect(cells.filter(([name]) => name?.startsWith('list-'))).toEqual([
      ['list-used', 'USER, WORKER', 'brandt', time, '-', time, 'active'],
      ['list-ended', 'ADMIN', '-', time, '2020-01-01T00:00:00.000Z', '-', 'expired'],
      ['list-ends', 'ADMIN', '-', time, '2100-01-01T00:00:00.000Z', '-', 'active'],
      ['list-a-gone', 'AUDITOR', '-', time, '2020-01-01T00:00:00.000Z', '-', 'revoked'],
    ])
  })
})

describe('the database of api-key commands', () => {
  it('may be the embedded one, which is migrated', async () => {
    const dataDir = temporaryDirectory('jobledger-keys-')
    try {
      const made = await run(['create', 'local', '--roles', 'ADMIN'], { DATA_DIR: dataDir })
      expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(KEY)])
      expect(made.stderr).toMatch(/preparing an embedded PostgreSQL in .*\n(.*\n)*applying \d+ migrations\n/)
      expect((await run(['list'], { DATA_DIR: dataDir })).stdout).toMatch(/local +ADMIN .* active/)
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  })

  it('is not migrated if it is configured: a message explains how', async () => {
    const empty = await createTestDatabase({ empty: true })
    const { code, stdout, stderr } = await run(['list'], { DATABASE_URL: empty.url })
    await empty.drop()
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^The database schema is behind; run "npx prisma migrate deploy" to apply [^\n]+\.\n$/)
  })
})

describe('api-key commands called as functions', () => {
  it('create, list and revoke a key', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const fresh = await createTestDatabase()
    vi.stubEnv('DATABASE_URL', fresh.url)
    await listKeys()
    expect(log.mock.lastCall).toEqual(['No keys exist.'])
    await fresh.drop()
    vi.stubEnv('DATABASE_URL', ledger.url)
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const print = vi.spyOn(output, 'writeToStdout').mockImplementation((_, done) => done())
    await createKey('called', { roles: 'ADMIN', expires: '1' })
    const key = String(print.mock.lastCall?.[0]).trim()
    expect(await findApiKey(ledger.prisma, key)).toMatchObject({ name: 'called', revokedAt: null })
    await revokeKey('called')
    expect(await findApiKey(ledger.prisma, key)).toMatchObject({ name: 'called', revokedAt: expect.any(Date) })
    await listKeys()
    expect(String(log.mock.lastCall?.[0])).toMatch(/^called +ADMIN .* revoked$/m)
  })
})
