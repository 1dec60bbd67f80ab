// pgbench, if it is installed: the same work without Node. For this contender, another process
// generates the load.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { execa } from 'execa'
import { Latencies } from '../load/latencies.ts'
import type { Contender, Slot } from './contender.ts'

const PGBENCH = 'pgbench'

export interface PgbenchOptions {
  readonly databaseUrl: string
  readonly callers: number
  /** Its script. `:client_id` counts from 0. */
  readonly script: string
  /** Runs before each measurement and is not timed. */
  prepare?(seconds: number): Promise<void>
}

export async function hasPgbench(): Promise<boolean> {
  const { failed } = await execa(PGBENCH, ['--version'], { reject: false })
  return !failed
}

export function pgbenchContender(options: PgbenchOptions): Contender {
  return {
    name: 'pgbench',
    async measure(seconds) {
      const dir = mkdtempSync(join(tmpdir(), 'jobledger-pgbench-'))
      // pgbench may still be writing.
      const remove = (): void => rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
      process.once('exit', remove)
      try {
        await options.prepare?.(seconds)
        return await runIn(dir, options, Math.max(1, Math.round(seconds)))
      } finally {
        process.off('exit', remove)
        remove()
      }
    },
  }
}

async function runIn(dir: string, { databaseUrl, callers, script }: PgbenchOptions, seconds: number): Promise<Slot> {
  writeFileSync(join(dir, 'script.sql'), script)
  const { hostname, port, username, password, pathname } = new URL(databaseUrl)
  const words = ['--no-vacuum', '--protocol=prepared', '--file=script.sql', '--log', '--log-prefix=log']
  const { stdout, stderr, failed, shortMessage } = await execa(
    PGBENCH,
    [...words, `--client=${callers}`, `--time=${seconds}`, decodeURIComponent(pathname.slice(1))],
    {
      cwd: dir,
      reject: false,
      env: {
        PGHOST: hostname,
        PGPORT: port || '5432',
        PGUSER: decodeURIComponent(username),
        PGPASSWORD: decodeURIComponent(password),
      },
    },
  )
  const latencies = new Latencies()
  for (const file of readdirSync(dir).filter((name) => name.startsWith('log.'))) {
    // client, number of the transaction, microseconds, ...
    for (const line of readFileSync(join(dir, file), 'utf8').split('\n')) {
      const [, , microseconds] = line.split(' ')
      if (microseconds !== undefined) latencies.record(Number(microseconds) / 1000)
    }
  }
  const perSecond = Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1] ?? 0)
  const complaint = stderr.split('\n').find((line) => /error|aborted/i.test(line))
  const isWrong = failed || complaint !== undefined || perSecond === 0
  return {
    perSecond,
    latencies: latencies.figures,
    ownCpu: undefined,
    faults: isWrong ? [complaint ?? (stderr.trim().slice(0, 300) || shortMessage || 'pgbench ran no transaction')] : [],
  }
}
