// A server that runs the operations of a manifest and no others.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../support/server.ts'

const dir = mkdtempSync(join(tmpdir(), 'jobledger-trusted-'))
afterAll(() => rmSync(dir, { recursive: true }))

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
  it('lets its operations run, and nothing else', async () => {
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

describe('a manifest that cannot be used', () => {
  it.each([
    ['is not there', join(dir, 'nowhere.json'), 'ENOENT'],
    ['is not JSON', manifest('{'), 'JSON'],
    ['is something else', manifest('{"a": 1}'), 'it must be a JSON object of documents by their ids'],
  ])('because it %s keeps the server from starting', async (_, file, why) => {
    await expect(startTestServer({ environment: { TRUSTED_DOCUMENTS: file } })).rejects.toThrow(
      expect.objectContaining({ name: 'TrustedDocumentsError', message: expect.stringContaining(why) }),
    )
  })
})
