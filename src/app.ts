// Wires the parts of one server: database, ledger, GraphQL, HTTP. Reads no environment and ends no process, so that tests
// can run several.

import type { Logger } from 'pino'
import { createAuthenticator } from './access/authenticate.ts'
import type { Config } from './config.ts'
import { connectDatabase, type Database } from './database/client.ts'
import { schema } from './graphql/schema.ts'
import { readTrustedDocuments } from './http/guards/trustedDocuments.ts'
import { databaseReadiness } from './http/health.ts'
import { createHttpServer } from './http/server.ts'
import { createGraphQLHandler } from './http/yoga.ts'
import { type Ledger, openLedger } from './ledger/ledger.ts'

export interface AppOptions {
  readonly config: Config
  readonly log: Logger
  readonly databaseUrl: string
}

export interface App {
  readonly ledger: Ledger
  readonly database: Database
  /** Where it listens; known once `listen` has resolved. */
  readonly url: string
  readonly port: number
  /** @throws ListenError */
  listen(): Promise<void>
  /** Lets running requests end, then closes the connections to the database. Safe to call twice. */
  close(): Promise<void>
}

/** A server on a database that has the schema. Connects to it when first asked. @throws TrustedDocumentsError */
export function createApp({ config, log, databaseUrl }: AppOptions): App {
  const database = connectDatabase({
    ...config.database,
    url: databaseUrl,
    onPoolError: (error) => log.warn({ err: error }, 'an idle connection to the database broke; it will be replaced'),
  })
  const ledger = openLedger(database.prisma, config.limits)
  const { host, environment } = config
  const authenticate = createAuthenticator({
    settings: config.access,
    prisma: database.prisma,
    onNoteFailure: (error) => log.warn({ err: error }, 'the last use of an API key could not be noted'),
  })
  const server = createHttpServer({
    ...config,
    log,
    readiness: databaseReadiness(database, log),
    graphql: createGraphQLHandler({
      ...config,
      ledger,
      schema,
      log,
      authenticate,
      trustedDocuments:
        config.trustedDocuments === undefined ? undefined : readTrustedDocuments(config.trustedDocuments),
      open: config.access.mode === 'open',
      loopbackOnly: config.access.mode === 'open' && !config.access.byHand,
      exploration: environment !== 'production',
    }),
  })
  let port = config.port
  let closing: Promise<void> | undefined
  return {
    ledger,
    database,
    get port() {
      return port
    },
    get url() {
      return `http://${reachableHost(host)}:${port}`
    },
    async listen() {
      port = await server.listen()
    },
    close: () => (closing ??= server.close().finally(() => database.close())),
  }
}

/** A host that a browser on this machine can open. */
function reachableHost(host: string): string {
  if (host === '127.0.0.1' || host === '0.0.0.0' || host === '::' || host === '::1') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
