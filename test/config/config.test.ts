// The settings in the environment, and the messages for invalid ones.
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ConfigError, parseConfig, VARIABLE_NAMES } from '../../src/config.ts'
import { defaultDataDir } from '../../src/database/embedded/dataPaths.ts'
import { DEFAULT_DOCUMENT_LIMITS } from '../../src/graphql/limits/documentLimits.ts'
import { DEFAULT_LIMITS } from '../../src/ledger/limits.ts'

function faultsOf(environment: Record<string, string>): string[] {
  try {
    parseConfig(environment)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as ConfigError).message.split('\n')
  }
  return []
}

describe('.env.example', () => {
  const example = parseEnv(readFileSync(new URL('../../.env.example', import.meta.url), 'utf8'))

  it('has exactly the variables that are read', () => {
    expect(Object.keys(example).sort()).toEqual([...VARIABLE_NAMES].sort())
  })

  it('contains the defaults', () => {
    expect(parseConfig(example as Record<string, string>)).toEqual(parseConfig({}))
  })
})

describe('the defaults', () => {
  it('are the documented ones', () => {
    expect(parseConfig({})).toMatchObject({
      environment: 'development',
      host: '127.0.0.1',
      port: 4000,
      databaseUrl: undefined,
      dataDir: defaultDataDir(),
      database: { poolMin: 10, poolMax: 30, maxLifetimeSeconds: 3600, preparedStatements: true },
      limits: DEFAULT_LIMITS,
      access: { mode: 'open', isExplicit: false, jwt: undefined },
      documentLimits: DEFAULT_DOCUMENT_LIMITS,
      rateLimits: undefined,
      bodyLimitBytes: 4 * 1024 * 1024,
      requestTimeoutMs: 30_000,
      shutdownTimeoutMs: 10_000,
      logLevel: 'info',
    })
  })

  it('apply if a variable is empty', () => {
    expect(parseConfig({ PORT: '', DATABASE_URL: '', LIMIT_PAGE_SIZE: '' })).toEqual(parseConfig({}))
  })
})

describe('a value', () => {
  it('that is valid replaces the default', () => {
    const url = 'postgresql://user:p%40ss@host:6543/name?sslmode=require'
    const environment = {
      PORT: '0',
      DATABASE_URL: url,
      LIMIT_CONTENT_BYTES: '10',
      DATABASE_PREPARED_STATEMENTS: 'false',
    }
    expect(parseConfig({ ...environment, AUTH: 'open' })).toMatchObject({
      port: 0,
      databaseUrl: url.replace('require', 'verify-full'),
      limits: { contentBytes: 10 },
      database: { preparedStatements: false },
    })
  })

  it.each([
    ['PORT', '65536', 'PORT must be an integer from 0 to 65535 (got "65536").'],
    ['PORT', '-1', 'PORT must be an integer from 0 to 65535 (got "-1").'],
    ['PORT', '80.5', 'PORT must be an integer from 0 to 65535 (got "80.5").'],
    ['PORT', '1e3', 'PORT must be an integer from 0 to 65535 (got "1e3").'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent (got "loud").'],
    ['NODE_ENV', 'prod', 'NODE_ENV must be one of development, production, test (got "prod").'],
    ['DATABASE_PREPARED_STATEMENTS', 'no', 'DATABASE_PREPARED_STATEMENTS must be one of true, false (got "no").'],
    ['LIMIT_PAGE_SIZE', '10', 'LIMIT_DEFAULT_PAGE_SIZE must not be more than LIMIT_PAGE_SIZE.'],
  ])('is refused with a message: %s=%s', (name, value, sentence) => {
    expect(faultsOf({ [name]: value })).toEqual([sentence])
  })

  it('is refused together with all other invalid values', () => {
    const names = faultsOf({
      PORT: 'x',
      LOG_LEVEL: 'y',
      DATABASE_POOL_MIN: '5',
      DATABASE_POOL_MAX: '4',
      HOST: 'h',
      AUTH_JWT_SECRET: 'short',
      TRUSTED_DOCUMENTS: '/nonexistent',
    }).map((fault) => fault.split(' ', 1)[0])
    expect(names.sort()).toEqual([
      'AUTH_JWT_AUDIENCE',
      'AUTH_JWT_ISSUER',
      'AUTH_JWT_SECRET',
      'DATABASE_POOL_MAX',
      'LOG_LEVEL',
      'PORT',
      'TRUSTED_DOCUMENTS',
    ])
  })
})

describe('access control', () => {
  const TOKENS = { AUTH_JWT_SECRET: 's'.repeat(32), AUTH_JWT_ISSUER: 'i', AUTH_JWT_AUDIENCE: 'a' }
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const PEM = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const UNSET = /^AUTH is not set and no key is, but .*: set one of AUTH_JWT_SECRET, .*AUTH=required.*AUTH=open/

  it.each([
    ['127.0.0.1', 'open'],
    ['127.9.9.9', 'open'],
    ['::1', 'open'],
    ['localhost', 'open'],
  ])('is off by default on %s', (HOST, mode) => {
    expect(parseConfig({ HOST }).access).toMatchObject({ mode, isExplicit: false })
  })

  it.each([
    { NODE_ENV: 'production' },
    { HOST: '0.0.0.0' },
    { HOST: '::' },
    { HOST: '192.168.1.1' },
    { HOST: '127.0.0.1.example' },
    { DATABASE_URL: 'postgresql://host/name' },
  ])('must be set with %o, except in commands that do not serve', (environment) => {
    expect(faultsOf(environment)).toEqual([expect.stringMatching(UNSET)])
    expect(parseConfig({ ...environment, AUTH: 'open' }).access).toMatchObject({ mode: 'open', isExplicit: true })
    expect(parseConfig({ ...environment, AUTH: 'required' }).access).toMatchObject({ mode: 'required' })
    expect(parseConfig({ ...environment, ...TOKENS }).access).toMatchObject({ mode: 'required' })
    expect(parseConfig(environment, 'work').host).toBe(environment.HOST ?? '127.0.0.1')
  })

  it('sets a default rate limit for each caller', () => {
    expect(parseConfig(TOKENS).rateLimits).toEqual({ perSecond: 1000, burst: 2000 })
    expect(parseConfig({ ...TOKENS, RATE_LIMIT_PER_SECOND: '7' }).rateLimits).toEqual({ perSecond: 7, burst: 14 })
    expect(parseConfig({ ...TOKENS, RATE_LIMIT_PER_SECOND: '0' }).rateLimits).toBeUndefined()
    expect(parseConfig({ RATE_LIMIT_PER_SECOND: '7', RATE_LIMIT_BURST: '8' }).rateLimits).toEqual({
      perSecond: 7,
      burst: 8,
    })
  })

  it('is on if a key of any kind is set', () => {
    const { AUTH_JWT_SECRET: _, ...claims } = TOKENS
    const kind = (variables: Record<string, string>) => parseConfig({ ...claims, ...variables }).access.jwt?.keys.kind
    expect(kind(TOKENS)).toBe('secret')
    expect(kind({ AUTH_JWT_PUBLIC_KEY: PEM })).toBe('publicKey')
    expect(kind({ AUTH_JWT_PUBLIC_KEY: PEM.replaceAll('\n', '\\n') })).toBe('publicKey')
    expect(kind({ AUTH_JWKS_URL: 'https://issuer.example/keys' })).toBe('jwks')
    expect(kind({ AUTH_JWKS_URL: 'http://127.0.0.1:99/keys' })).toBe('jwks')
  })

  it.each([
    [{ ...TOKENS, AUTH_JWT_AUDIENCE: '' }, 'AUTH_JWT_AUDIENCE must be set if AUTH_JWT_SECRET is'],
    [{ AUTH_JWT_ISSUER: 'i' }, 'AUTH_JWT_ISSUER has no effect unless one of'],
    [{ ...TOKENS, AUTH_JWKS_URL: 'https://a.b/c' }, 'AUTH_JWT_SECRET and AUTH_JWKS_URL must not be set together'],
    [{ ...TOKENS, AUTH: 'open' }, 'AUTH must not be open if AUTH_JWT_SECRET is set.'],
    [{ AUTH: 'no' }, 'AUTH must be one of open, required (got "no").'],
    [{ ...TOKENS, AUTH_JWT_SECRET: 'hush-hush' }, 'AUTH_JWT_SECRET must be at least 32 bytes long (got 9).'],
    [
      { ...TOKENS, AUTH_JWT_SECRET: '', AUTH_JWT_PUBLIC_KEY: 'hush-hush' },
      'AUTH_JWT_PUBLIC_KEY must be a public key in PEM',
    ],
    [
      { ...TOKENS, AUTH_JWT_SECRET: '', AUTH_JWKS_URL: 'http://hush-hush.example' },
      'AUTH_JWKS_URL must be a URL that begins with https://.',
    ],
    [
      { ...TOKENS, AUTH_JWT_SECRET: '', AUTH_JWKS_URL: 'https://ada:hush-hush@issuer.example/keys' },
      'AUTH_JWKS_URL must not hold a user name or a password.',
    ],
  ])('refuses %o', (environment, sentence) => {
    const [fault, ...others] = faultsOf(environment)
    expect(fault).toContain(sentence)
    expect(fault).not.toContain('hush-hush')
    expect(others).toEqual([])
  })

  it.each([
    ['rsa', { modulusLength: 1024 }, 'rsa of 1024 bits'],
    ['rsa-pss', { modulusLength: 2048 }, 'rsa-pss of 2048 bits'],
    ['dsa', { modulusLength: 2048, divisorLength: 256 }, 'dsa of 2048 bits'],
    ['ec', { namedCurve: 'secp256k1' }, 'ec on secp256k1'],
    ['x25519', {}, 'x25519'],
    ['ed448', {}, 'ed448'],
  ])('refuses a public key of %s with %o', (type, options, came) => {
    const pair = generateKeyPairSync(type as 'rsa', options as { modulusLength: number })
    const AUTH_JWT_PUBLIC_KEY = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect(faultsOf({ ...TOKENS, AUTH_JWT_SECRET: '', AUTH_JWT_PUBLIC_KEY })).toEqual([
      `AUTH_JWT_PUBLIC_KEY must be a key of RSA of at least 2048 bits, P-256, P-384, P-521 or Ed25519, not ${came}.`,
    ])
  })

  it.each([
    ['rsa', { modulusLength: 2048 }],
    ['ec', { namedCurve: 'P-256' }],
    ['ec', { namedCurve: 'P-384' }],
    ['ec', { namedCurve: 'P-521' }],
  ])('accepts a public key of %s with %o', (type, options) => {
    const pair = generateKeyPairSync(type as 'rsa', options as { modulusLength: number })
    const AUTH_JWT_PUBLIC_KEY = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    expect(faultsOf({ ...TOKENS, AUTH_JWT_SECRET: '', AUTH_JWT_PUBLIC_KEY })).toEqual([])
  })

  it('refuses a private key instead of a public one, without repeating it', () => {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const { AUTH_JWT_SECRET: _, ...claims } = TOKENS
    const [fault] = faultsOf({ ...claims, AUTH_JWT_PUBLIC_KEY: pem })
    expect(fault).toContain('AUTH_JWT_PUBLIC_KEY must be a public key in PEM')
    expect(fault).not.toContain(pem.split('\n')[1])
  })
})

describe('DATABASE_URL', () => {
  it.each([
    ['mysql://root:secret@host/name', '(got mysql://)'],
    ['http://secret@host', '(got http://)'],
    ['secret', '(got no URL)'],
    ['root:secret@host/name', '(got no URL)'],
    ['postgres://root:sec#ret/secret@host/name', '(got no URL)'],
    ['postgres://root:secret%@host/name', '(got no URL)'],
  ])('is refused without being repeated: %s', (url, came) => {
    const [fault, ...others] = faultsOf({ DATABASE_URL: url, AUTH: 'open' })
    expect(others).toEqual([])
    expect(fault).toContain('DATABASE_URL must be a URL that begins with postgres:// or postgresql://')
    expect(fault).toContain(came)
    expect(fault).not.toMatch(/sec|root/)
  })
})

describe('the file .env', () => {
  const program = `const { readConfig } = await import(${JSON.stringify(new URL('../../src/config.ts', import.meta.url).href)})
    const { port, logLevel } = readConfig()
    console.log(JSON.stringify({ port, logLevel }))`

  function readIn(dir: string, environment: Record<string, string>): unknown {
    const tsx = import.meta.resolve('tsx')
    const output = execFileSync(process.execPath, ['--import', tsx, '--input-type=module', '-e', program], {
      cwd: dir,
      env: { PATH: process.env.PATH ?? '', ...environment },
      encoding: 'utf8',
    })
    return JSON.parse(output)
  }

  it('is read from the current directory, and the environment wins', () => {
    const dir = mkdtempSync(join(tmpdir(), 'jobledger-config-'))
    try {
      expect(readIn(dir, {})).toEqual({ port: 4000, logLevel: 'info' })
      writeFileSync(join(dir, '.env'), 'PORT=4711\nLOG_LEVEL=warn\n')
      expect(readIn(dir, { LOG_LEVEL: 'error' })).toEqual({ port: 4711, logLevel: 'error' })
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
})
