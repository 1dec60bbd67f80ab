// PostGraphile 5 in a process of its own, on the measured database: the alternative for reading. It
// is not a dependency: the first run installs it, with the Node that it needs, in the temporary
// directory.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { BenchError } from './benchError.ts'
import { HttpTarget } from './httpTarget.ts'

const PACKAGES = ['postgraphile@5.1', 'graphql@16', 'node@22']
const START_MS = 60_000

// The enum job_state and the table job_states would both be named JobState. It gets as many
// connections as our server keeps.
const CONFIG = `
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'
import { makePgService } from 'postgraphile/adaptors/pg'
import { jsonPgSmartTags } from 'postgraphile/utils'

export default {
  extends: [PostGraphileAmberPreset],
  plugins: [jsonPgSmartTags({ version: 1, config: { type: { job_state: { tags: { name: 'job_state_enum' } } } } })],
  pgServices: [makePgService({ connectionString: process.env.DATABASE_URL, schemas: ['public'], poolConfig: { max: 10 } })],
  grafserv: { host: '127.0.0.1', port: Number(process.env.PORT), graphiql: false },
  grafast: { explain: false },
}
`

export interface PostGraphile {
  readonly endpoint: string
  readonly pid: number | undefined
  stop(): Promise<void>
}

/**
 * Starts it and resolves when it responds. POSTGRAPHILE_DIR is the directory of its installation.
 *
 * @throws BenchError if it cannot be installed or does not start
 */
export async function startPostGraphile(databaseUrl: string): Promise<PostGraphile> {
  const dir = process.env.POSTGRAPHILE_DIR || join(tmpdir(), 'jobledger-postgraphile')
  await install(dir)
  writeFileSync(join(dir, 'graphile.config.mjs'), CONFIG)
  const port = await freePort()
  const bin = join(dir, 'node_modules', '.bin')
  const child = execa(join(bin, 'node'), [join(bin, 'postgraphile')], {
    cwd: dir,
    extendEnv: false,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      GRAPHILE_ENV: 'production',
      DATABASE_URL: databaseUrl,
      PORT: String(port),
    },
    // Outside the terminal's process group: Ctrl-C reaches this process only.
    detached: true,
    stdio: 'ignore',
    reject: false,
  })
  const kill = (): void => void child.kill('SIGTERM')
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    process.off('exit', kill)
    child.kill('SIGTERM', new Error('The benchmark is done.'))
    await child
  }
  const endpoint = `http://127.0.0.1:${port}/graphql`
  try {
    await untilItResponds(endpoint)
  } catch (error) {
    await stop()
    throw error
  }
  return { endpoint, pid: child.pid, stop }
}

async function install(dir: string): Promise<void> {
  if (existsSync(join(dir, 'node_modules', 'postgraphile')) && existsSync(join(dir, 'node_modules', '.bin', 'node')))
    return
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'jobledger-postgraphile', private: true }))
  const { failed, stderr } = await execa('npm', ['install', '--no-audit', '--no-fund', ...PACKAGES], {
    cwd: dir,
    reject: false,
  })
  if (failed) throw new BenchError(`PostGraphile could not be installed into ${dir}: ${String(stderr).slice(-500)}`)
}

/** It listens before it has read the schema of the database. */
async function untilItResponds(endpoint: string): Promise<void> {
  const target = new HttpTarget(endpoint, 1)
  const end = performance.now() + START_MS
  try {
    for (;;) {
      const problem = await target.send('{"query":"{ __typename }"}').then(
        () => undefined,
        (error: Error) => error,
      )
      if (problem === undefined) return
      if (performance.now() > end) throw new BenchError(`PostGraphile does not respond: ${problem.message}`)
      await delay(200)
    }
  } finally {
    target.close()
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
