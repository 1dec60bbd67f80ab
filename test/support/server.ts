// A complete server on a separate database, used over HTTP. The caller must close it.
import type { Logger } from 'pino'
import { type App, createApp } from '../../src/app.ts'
import { type ApiResponse, sendOperation, type TypedDocument } from '../../src/client/sendOperation.ts'
import { parseConfig } from '../../src/config.ts'
import { createLogger } from '../../src/log.ts'
import { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from './database.ts'

export interface TestServerOptions {
  /** Variables of .env.example that differ from their defaults. */
  readonly environment?: Readonly<Record<string, string>>
  readonly database?: TestDatabaseOptions
  /** An existing database, which is not dropped. For two servers on one database. */
  readonly databaseUrl?: string
  readonly log?: Logger
  /** A build of the dashboard. */
  readonly dashboardFolder?: string
  /** Whether queries are answered by plans. */
  readonly plansQueries?: boolean
  /** Default headers of every request. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface TestServer extends Pick<App, 'ledger' | 'database'> {
  /** The URL of the server, without a path. */
  readonly url: string
  readonly databaseUrl: string
  /**
   * Sends one operation: text, or a document of test/client. The first overload is for text, which
   * would also match the second.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the result of text has no type unless the test gives one
  request<Data = any>(
    query: string,
    variables?: object,
    headers?: Readonly<Record<string, string>>,
  ): Promise<ApiResponse<Data>>
  request<Data, Variables extends object>(
    document: TypedDocument<Data, Variables>,
    variables?: Variables,
    headers?: Readonly<Record<string, string>>,
  ): Promise<ApiResponse<Data>>
  close(): Promise<void>
}

/** Shared by all servers of a file, because each logger adds a listener to standard error. */
const SILENT = createLogger({ level: 'silent', readable: false })

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const own = options.databaseUrl === undefined ? await createTestDatabase(options.database) : undefined
  const databaseUrl = options.databaseUrl ?? (own as TestDatabase).url
  const app = createApp({
    config: parseConfig({
      NODE_ENV: 'test',
      PORT: '0',
      DATABASE_POOL_MIN: '0',
      DATABASE_POOL_MAX: '20',
      MAINTENANCE_INTERVAL_SECONDS: '0',
      ROLLUP_INTERVAL_SECONDS: '0',
      BULK_INTERVAL_SECONDS: '0',
      EVENTS_PING_MS: '300',
      ...options.environment,
    }),
    log: options.log ?? SILENT,
    databaseUrl,
    dashboardFolder: options.dashboardFolder,
    plansQueries: options.plansQueries,
  })
  await app.listen()
  return {
    url: app.url,
    databaseUrl,
    ledger: app.ledger,
    database: app.database,
    request: <Data>(document: object | string, variables?: object, headers?: Readonly<Record<string, string>>) =>
      sendOperation<Data>(
        `${app.url}/graphql`,
        { query: document.toString(), variables },
        { ...options.headers, ...headers },
      ),
    async close() {
      await app.close()
      await own?.drop()
    },
  }
}
