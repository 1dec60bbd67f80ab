// Prisma's CLI: where the schema and the migrations are, which database it works on, and which engine it uses.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'prisma/config'
import { hidePassword } from './prisma/schema-engine/password.mjs'
import { databaseUrlFaults } from './src/config/databaseUrl.ts'
import { foreignPasswordFault, readEnvFile } from './src/config/envFile.ts'
import { defaultDataDir } from './src/database/embedded/dataPaths.ts'
import { runningEmbeddedUrl } from './src/database/embedded/runningServer.ts'

// Of the file `.env`, what Prisma needs and nothing else. The environment wins.
const file = readEnvFile(['DATABASE_URL', 'DATA_DIR', 'MIGRATE_LOCK_TIMEOUT_MS'])
const passwordFault = foreignPasswordFault(file.values, process.env)
if (file.faults.length > 0 || passwordFault !== undefined) {
  throw new Error([...file.faults, ...(passwordFault === undefined ? [] : [passwordFault])].join('\n'))
}
for (const [name, value] of Object.entries(file.values)) process.env[name] ??= value

// Prisma would download its native engine from a host that many networks do not let through. The same engine is on npm as
// WebAssembly; the launcher makes it answer as the native one does.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= fileURLToPath(new URL('prisma/schema-engine/main.mjs', import.meta.url))

// A variable that is empty counts as not set, as everywhere.
const url = process.env.DATABASE_URL || runningEmbeddedUrl(process.env.DATA_DIR || defaultDataDir())

// Commands that work without a database may be run with any.
const usesDatabase = ['migrate', 'db', 'studio'].some((command) => process.argv.includes(command))
const faults = usesDatabase && url && URL.canParse(url) ? databaseUrlFaults(new URL(url)) : []
if (faults.length > 0) throw new Error(faults.map((fault) => `DATABASE_URL ${fault}`).join('\n'))

// Studio connects by itself; everything else lets the engine do it.
const startsEngine = !process.argv.includes('studio')

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations', seed: 'node --import tsx src/cli.ts seed' },
  ...(url && { datasource: { url: startsEngine ? hidePassword(url) : url } }),
})
