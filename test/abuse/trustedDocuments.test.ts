// A server that runs only the operations of a manifest.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { ConfigError, parseConfig } from '../../src/config.ts'
import { endPrograms, runProgram } from '../support/program.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const dir = mkdtempSync(join(tmpdir(), 'jobledger-trusted-'))
afterAll(() => rmSync(dir, { recursive: true }))
afterEach(endPrograms)

const COUNT = 'query Count($user: String) { jobCount(filter: { userId: $user }) }'
const HASH = createHash('sha256').update(COUNT).digest('hex')

let files = 0

function manifest(content: string): string {
  files += 1
  const file = join(dir, `${files}.json`)
  writeFileSync(file, content)
  return file
}

async function post(server: TestServer, body: object) {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(`${server.url}/graphql`, init)
  return { status: response.status, ...(await response.json()) }
}

describe.each([
  ['documents by their ids', JSON.stringify({ [HASH]: COUNT })],
  ['a list of operations', JSON.stringify({ format: 'x', operations: [{ id: HASH, body: COUNT, name: 'Count' }] })],
])('a manifest with %s', (_, content) => {
  it('allows only its operations', async () => {
    const server = await startTestServer({ environment: { TRUSTED_DOCUMENTS: manifest(content) } })
    const variables = { user: 'ada' }
    expect(await post(server, { documentId: HASH, variables })).toEqual({ status: 200, data: { jobCount: 0 } })
    const apollo = { persistedQuery: { version: 1, sha256Hash: HASH } }
    expect(await post(server, { extensions: apollo, variables })).toEqual({ status: 200, data: { jobCount: 0 } })
    const refused = { status: 403, errors: [{ message: expect.any(String), extensions: { code: 'FORBIDDEN' } }] }
    for (const body of [
      { query: COUNT },
      { query: '{ __typename }', documentId: HASH },
      { documentId: HASH.replace(/^./, 'x') },
      { documentId: '__proto__' },
      { documentId: { toString: HASH } },
      {},
    ]) {
      expect(await post(server, body)).toEqual(refused)
    }
    await server.close()
  })
})

describe('a document', () => {
  const CREATE = 'mutation Create { createJob(input: { content: "x" }) { __typename } }'

  async function get(server: TestServer, parameters: Record<string, string>) {
    const headers = { 'graphql-require-preflight': '1' }
    const response = await fetch(`${server.url}/graphql?${new URLSearchParams(parameters)}`, { headers })
    return { status: response.status, ...(await response.json()) }
  }

  it.each(['development', 'production'])('can be identified in a URL, in %s', async (NODE_ENV) => {
    const TRUSTED_DOCUMENTS = manifest(
      JSON.stringify({ v: COUNT, two: `${COUNT} query Two { viewer { actor } }`, CREATE }),
    )
    const server = await startTestServer({ environment: { TRUSTED_DOCUMENTS, NODE_ENV, AUTH: 'open' } })
    expect(await get(server, { documentId: 'v' })).toEqual({ status: 200, data: { jobCount: 0 } })
    expect(await get(server, { documentId: 'v', variables: '{"user":"ada"}' })).toMatchObject({ data: { jobCount: 0 } })
    expect(await get(server, { documentId: 'two', operationName: 'Two' })).toMatchObject({
      data: { viewer: { actor: 'user:dev' } },
    })
    expect(await get(server, { documentId: 'v', variables: '{' })).toMatchObject({ status: 400 })
    expect(await get(server, { documentId: 'CREATE' })).toMatchObject({ status: 405 })
    for (const refused of [{ documentId: 'no' }, { documentId: 'v', query: COUNT }, { query: COUNT }, {}]) {
      expect(await get(server, refused as Record<string, string>)).toMatchObject({
        status: 403,
        errors: [{ extensions: { code: 'FORBIDDEN' } }],
      })
    }
    expect(await server.ledger.prisma.job.count()).toBe(0)
    await server.close()
  })

  it('cannot be identified in a URL if all documents are allowed', async () => {
    const server = await startTestServer()
    expect(await get(server, { documentId: 'v' })).toMatchObject({ status: 400 })
    await server.close()
  })
})

describe('an invalid manifest', () => {
  function faultsOf(file: string): string[] {
    try {
      parseConfig({ TRUSTED_DOCUMENTS: file })
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError)
      return (error as ConfigError).message.split('\n')
    }
    return []
  }

  it.each([
    ['is not there', join(dir, 'nowhere.json'), /, which cannot be used: ENOENT: .*\.$/],
    ['is not JSON', manifest('{\n\n"a": "{ a"\n'), /, which cannot be used: .*JSON.*\.$/],
    ['is something else', manifest('{"a": 1}'), /: it must be a JSON object of documents by id\.$/],
  ])('that %s prevents the server from starting', (_, file, sentence) => {
    expect(faultsOf(file)).toEqual([expect.stringMatching(sentence)])
    expect(faultsOf(file)[0]).toContain(`TRUSTED_DOCUMENTS names ${file}`)
  })

  it('whose documents do not match the schema prevents the server from starting, with the first error of each', async () => {
    const file = manifest(
      JSON.stringify({
        good: COUNT,
        old: 'query Old { jobCount(userId: "ada") nothing }',
        broken: '{\n  jobCount',
        loop: '{ ...A } fragment A on Query { ...A }',
      }),
    )
    const server = runProgram('src/main.ts', { TRUSTED_DOCUMENTS: file })
    expect(await server.ended).toMatchObject({ code: 1 })
    const of = (id: string) => `TRUSTED_DOCUMENTS: The document "${id}" is not valid: `
    expect(server.stderr().trimEnd().split('\n')).toEqual([
      `${of('old')}Unknown argument "userId" on field "Query.jobCount".`,
      `${of('broken')}Syntax Error: Expected Name, found <EOF>.`,
      `${of('loop')}Cannot spread fragment "A" within itself.`,
    ])
  })

  it('is reported together with all other errors, and only by servers', () => {
    const environment = { TRUSTED_DOCUMENTS: '/nonexistent', AUTH_JWT_SECRET: 'short', NODE_ENV: 'production' }
    expect(() => parseConfig(environment)).toThrow(/AUTH_JWT_SECRET must be.*AUTH_JWT_ISSUER.*TRUSTED_DOCUMENTS names/s)
    expect(parseConfig({ TRUSTED_DOCUMENTS: '/nonexistent' }, 'work').trustedDocuments).toBeUndefined()
  })
})
