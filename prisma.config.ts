// Prisma's CLI: where the schema and the migrations are, which database it works on, and which engine it uses.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'prisma/config'
import { hidePassword } from './prisma/schema-engine/password.mjs'
import { defaultDataDir } from './src/database/embedded/dataPlace.ts'
import { runningEmbeddedUrl } from './src/database/embedded/runningServer.ts'

if (existsSync('.env')) process.loadEnvFile('.env')

// Prisma would download its native engine from a host that many networks do not let through. The same engine is on npm as
// WebAssembly; the launcher makes it answer as the native one does.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= fileURLToPath(new URL('prisma/schema-engine/main.mjs', import.meta.url))

// A variable that is empty counts as not set, as everywhere.
const url = process.env.DATABASE_URL || runningEmbeddedUrl(process.env.DATA_DIR || defaultDataDir())

// Studio connects by itself; everything else lets the engine do it.
const startsEngine = !process.argv.includes('studio')

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations', seed: 'node --import tsx src/cli.ts seed' },
  ...(url && { datasource: { url: startsEngine ? hidePassword(url) : url } }),
})
