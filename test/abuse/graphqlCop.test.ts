// The checks of graphql-cop (https://github.com/dolevf/graphql-cop), a scanner for GraphQL servers,
// against a server as in production, for a caller with all roles and for an anonymous one. The
// requests and verdicts are reimplemented here.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asUser, PROTECTED } from '../support/credentials.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
let open: TestServer
let development: TestServer

beforeAll(async () => {
  server = await startTestServer({ environment: { ...PROTECTED, NODE_ENV: 'production' } })
  open = await startTestServer({ environment: { AUTH: 'open', NODE_ENV: 'production' } })
  development = await startTestServer()
})
afterAll(() => Promise.all([server.close(), open.close(), development.close()]))

/** The checks that a development server does not pass, on purpose. */
const WEAK = ['queries by GET', 'field suggestions', 'introspection', 'GraphiQL']

type Send = (init: RequestInit & { readonly search?: string }) => Promise<string>

interface Check {
  readonly name: string
  /** Whether the scanner would report the server. */
  finds(send: Send): Promise<boolean>
}

const JSON_BODY = { 'content-type': 'application/json' }
const FORM_BODY = { 'content-type': 'application/x-www-form-urlencoded' }

const post = (send: Send, body: unknown) => send({ method: 'POST', headers: JSON_BODY, body: JSON.stringify(body) })
const get = (send: Send, query: string) => send({ search: `?${new URLSearchParams({ query })}` })
const TYPENAME = /"__typename":"(Query|Mutation)"/

const CHECKS: Check[] = [
  {
    name: 'alias overloading',
    finds: async (send) => {
      const aliases = Array.from({ length: 101 }, (_, n) => `alias${n}:__typename`).join(' ')
      return (await post(send, { query: `query cop { ${aliases} }` })).includes('"alias100"')
    },
  },
  {
    name: 'array batching',
    finds: async (send) => {
      const batch = Array.from({ length: 10 }, () => ({ query: 'query cop { __typename }' }))
      return TYPENAME.test(await post(send, batch))
    },
  },
  {
    name: 'directive overloading',
    finds: async (send) => {
      const text = await post(send, { query: `query cop { __typename ${'@aa'.repeat(10)} }` })
      return (JSON.parse(text).errors ?? []).length === 10
    },
  },
  {
    name: 'circular introspection',
    finds: async (send) => {
      const query =
        'query cop { __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }'
      return (await post(send, { query })).includes('"types"')
    },
  },
  { name: 'queries by GET', finds: async (send) => TYPENAME.test(await get(send, 'query cop {__typename}')) },
  { name: 'mutations by GET', finds: async (send) => TYPENAME.test(await get(send, 'mutation cop {__typename}')) },
  {
    name: 'forms',
    finds: async (send) => {
      const body = new URLSearchParams({ query: 'query cop {__typename}' }).toString()
      return TYPENAME.test(await send({ method: 'POST', headers: FORM_BODY, body }))
    },
  },
  {
    name: 'unhandled errors',
    finds: async (send) => /exception|stack/i.test(await post(send, { query: 'qwerty cop { abc }' })),
  },
  {
    name: 'field suggestions',
    finds: async (send) => {
      const texts = [
        await post(send, { query: 'query cop { __schema { directive } }' }),
        await post(send, { query: 'query cop { jobz { nodes { id } } }' }),
        await post(send, { query: 'query cop { jobs(frist: 1) { nodes { id } } }' }),
        await post(send, { query: 'query cop { jobCount(filter: { states: [PENDNG] }) }' }),
        await post(send, {
          query: 'query cop ($f: JobFilter) { jobCount(filter: $f) }',
          variables: { f: { user: 1 } },
        }),
      ]
      return texts.some((text) => text.includes('Did you mean'))
    },
  },
  {
    name: 'introspection',
    finds: async (send) =>
      (await post(send, { query: 'query cop { __schema { types { name } } }' })).includes('"types"'),
  },
  {
    name: 'GraphiQL',
    finds: async (send) => /graphiql|playground|<html/i.test(await send({ headers: { accept: 'text/html' } })),
  },
  {
    name: 'tracing',
    finds: async (send) =>
      /tracing|"extensions":\{"(?!code)/.test(await post(send, { query: 'query cop { __typename }' })),
  },
  {
    name: 'field duplication',
    finds: async (send) => TYPENAME.test(await post(send, { query: `query cop { ${'__typename \n'.repeat(500)} }` })),
  },
]

/** Sends to `url` with these headers in addition to those of the check. */
function sender(url: string, credential: Record<string, string> = {}): Send {
  return async ({ search = '', headers, ...init }) => {
    const all = { ...(headers as Record<string, string>), ...credential }
    return (await fetch(`${url}/graphql${search}`, { ...init, headers: all })).text()
  }
}

describe('graphql-cop', () => {
  it.each(CHECKS)('reports nothing for $name', async ({ finds }) => {
    expect(await finds(sender(server.url)), 'for nobody').toBe(false)
    expect(await finds(sender(server.url, await asUser('cop', 'ADMIN'))), 'for an administrator').toBe(false)
    expect(await finds(sender(open.url)), 'in an open server').toBe(false)
  })

  it.each(CHECKS.filter(({ name }) => WEAK.includes(name)))(
    'would report $name of a server in development',
    async ({ finds }) => {
      expect(await finds(sender(development.url))).toBe(true)
    },
  )
})
