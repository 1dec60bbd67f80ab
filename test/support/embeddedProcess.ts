// A program that starts the embedded PostgreSQL of a directory, prints one line of JSON with its
// URL, and runs until SIGTERM or Ctrl-C. SIGHUP makes it exit without stopping the server.
// Arguments: the data directory, or `default`; the system directory (optional).
import process from 'node:process'
import { defaultDataDir } from '../../src/database/embedded/dataPaths.ts'
import { startEmbedded } from '../../src/database/embedded/startEmbedded.ts'

const [dir = 'default', systemDir] = process.argv.slice(2)
const log = { info: console.error, warn: console.error }
try {
  const server = await startEmbedded({
    dataDir: dir === 'default' ? defaultDataDir() : dir,
    log,
    settings: { fsync: 'off' }, // Safe if the process is killed; only a crash of the machine loses data.
    ...(systemDir === undefined ? {} : { systemDir }),
  })
  const keepAlive = setInterval(() => undefined, 1_000_000)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // Not `once`: npm and timeout(1) forward a signal that the process got already.
    process.on(signal, () => void server.stop().then(() => clearInterval(keepAlive)))
  }
  process.once('SIGHUP', () => process.exit(0))
  console.log(JSON.stringify({ url: server.url, owned: server.owned }))
} catch (error) {
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error)
  process.exitCode = 1
}
