// Configures Prisma's CLI: the schema, the migrations, the database and the engine.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'prisma/config'
import { hidePassword } from './prisma/schema-engine/password.mjs'
import { databaseUrlFaults } from './src/config/databaseUrl.ts'
import { foreignPasswordFault, readEnvFile } from './src/config/envFile.ts'
import { defaultDataDir } from './src/database/embedded/dataPaths.ts'
import { runningEmbeddedUrl } from './src/database/embedded/runningServer.ts'

// Only these settings of the file `.env`. The environment wins.
const file = readEnvFile(['DATABASE_URL', 'DATA_DIR', 'MIGRATE_LOCK_TIMEOUT_MS'])
const passwordFault = foreignPasswordFault(file.values, process.env)
if (file.faults.length > 0 || passwordFault !== undefined) {
  throw new Error([...file.faults, ...(passwordFault === undefined ? [] : [passwordFault])].join('\n'))
}
for (const [name, value] of Object.entries(file.values)) process.env[name] ??= value

// Prisma would download its native engine from a host that many networks block. The same engine is
// on npm as WebAssembly; the launcher makes it behave like the native one.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= fileURLToPath(new URL('prisma/schema-engine/main.mjs', import.meta.url))

// An empty variable counts as not set, as in the server.
const url = process.env.DATABASE_URL || runningEmbeddedUrl(process.env.DATA_DIR || defaultDataDir())

// Commands that do not use the database accept any URL.
const usesDatabase = ['migrate', 'db', 'studio'].some((command) => process.argv.includes(command))
const faults = usesDatabase && url && URL.canParse(url) ? databaseUrlFaults(new URL(url)) : []
if (faults.length > 0) throw new Error(faults.map((fault) => `DATABASE_URL ${fault}`).join('\n'))

// Studio connects by itself. For all other commands the engine connects.
const startsEngine = !process.argv.includes('studio')

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations', seed: 'node --import tsx src/cli.ts seed' },
  ...(url && { datasource: { url: startsEngine ? hidePassword(url) : url } }),
})
