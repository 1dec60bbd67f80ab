// The page of GraphiQL must work without access to the internet. graphiqlTabs.slow.test.ts tests
// its tabs.
import { Kind, parse, validate } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { schema } from '../../src/graphql/schema.ts'
import { graphiqlTabs } from '../../src/http/graphiqlTabs.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
})

afterAll(() => server.close())

describe('GraphiQL', () => {
  it('is served to browsers with its tabs, and loads nothing from other servers', async () => {
    const response = await fetch(`${server.url}/graphql`, { headers: { accept: 'text/html' } })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html'])
    const page = await response.text()
    for (const { query } of graphiqlTabs(true)) expect(page).toContain(JSON.stringify(query).slice(1, -1))
    expect(page).not.toMatch(/<script[^>]+src=["']?https?:/)
    expect(page).not.toMatch(/<link[^>]+href=["']?https?:/)
  })

  it('is not served to clients that accept JSON', async () => {
    const response = await fetch(`${server.url}/graphql`, { headers: { accept: 'application/json' } })
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  })
})

describe('the tabs of GraphiQL', () => {
  it('have one valid operation each', () => {
    expect(graphiqlTabs(true)).toHaveLength(4)
    for (const { query } of graphiqlTabs(true)) {
      const document = parse(query)
      expect(validate(schema, document)).toEqual([])
      expect(document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)).toHaveLength(1)
    }
  })
})
