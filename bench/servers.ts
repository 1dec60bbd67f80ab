// The measured programs, each in a process of its own on one database, and the connections to them.
// The code that opens them must close them.
import pg from 'pg'
import { startServerProcess } from '../load/serverProcess.ts'
import { BenchError } from './benchError.ts'
import { HttpTarget } from './httpTarget.ts'
import { type PostGraphile, startPostGraphile } from './postgraphile.ts'

const PROFILER = import.meta.resolve('./profileServer.mjs')

export interface ServerOptions {
  readonly databaseUrl: string
  readonly callers: number
  /** Whether to start PostGraphile. */
  readonly isCompared: boolean
  /** Where the server writes a profile of itself. */
  readonly profileDir?: string | undefined
}

export interface Servers {
  readonly server: HttpTarget
  readonly postgraphile: HttpTarget | undefined
  readonly pool: pg.Pool
  readonly databaseUrl: string
  close(): Promise<void>
}

export async function openServers(options: ServerOptions): Promise<Servers> {
  const { databaseUrl, callers, isCompared, profileDir } = options
  const closing: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse()) await end()
  }
  const target = (endpoint: string): HttpTarget => {
    const opened = new HttpTarget(endpoint, callers)
    closing.push(async () => opened.close())
    return opened
  }
  try {
    const program = startServerProcess({
      databaseUrl,
      isBuilt: true,
      environment: {
        MAINTENANCE_INTERVAL_SECONDS: '0',
        ...(profileDir === undefined ? {} : { NODE_OPTIONS: `--import ${PROFILER}`, BENCH_PROFILE_DIR: profileDir }),
      },
    })
    closing.push(async () => {
      program.kill('SIGTERM')
      await program.ended
    })
    const server = target(await program.endpoint)
    server.pid = program.pid
    const postgraphile = isCompared ? await openPostGraphile(databaseUrl, closing) : undefined
    const pool = new pg.Pool({ connectionString: databaseUrl, max: callers, options: '-c TimeZone=UTC' })
    pool.on('error', () => undefined) // The query in progress rejects as well.
    closing.push(() => pool.end())
    return {
      server,
      postgraphile: postgraphile && targetOf(postgraphile, target),
      pool,
      databaseUrl,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function targetOf({ endpoint, pid }: PostGraphile, open: (endpoint: string) => HttpTarget): HttpTarget {
  const target = open(endpoint)
  target.pid = pid
  return target
}

/** Undefined if it is unavailable: then no ratios refer to it, and the reason is reported. */
async function openPostGraphile(url: string, closing: (() => Promise<unknown>)[]): Promise<PostGraphile | undefined> {
  try {
    const postgraphile = await startPostGraphile(url)
    closing.push(postgraphile.stop)
    return postgraphile
  } catch (error) {
    if (!(error instanceof BenchError)) throw error
    console.warn(error.message)
    return undefined
  }
}
